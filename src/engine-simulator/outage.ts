/** The daemon goes away and comes back, with or without live-restore. */
import { isRunning } from './container.ts';
import type { Containers } from './containers.ts';
import type { EventStreams } from './event-streams.ts';
import type { HealthMonitor } from './health.ts';
import type { Journal } from './journal.ts';
import type { Listener } from './listener.ts';
import { isRestored } from './restart-policy.ts';
import type { Runner } from './runner.ts';

export interface Outage {
  /**
   * The socket is closed, connections end, nothing is said from here on. Without live-restore the containers end, too:
   * unheard, or with `graceful` stopped one by one before the connections end, as `systemctl stop docker` does.
   */
  goDown(options: { readonly liveRestore: boolean; readonly graceful?: boolean }): Promise<void>;
  /** It comes back with an empty memory of events, starts what is to be restarted, then answers. */
  comeUp(): Promise<void>;
}

export function createOutage(deps: {
  readonly listener: Listener;
  readonly journal: Journal;
  readonly containers: Containers;
  readonly events: EventStreams;
  readonly health: HealthMonitor;
  readonly runner: Runner;
  readonly setUp: (up: boolean) => void;
}): Outage {
  const { listener, journal, containers, events, health, runner, setUp } = deps;
  const running = () => containers.list().filter(isRunning);
  return {
    async goDown({ liveRestore, graceful = false }) {
      if (graceful && !liveRestore) {
        await Promise.all(running().map(stopInOrder));
        await events.finish();
      }
      setUp(false);
      journal.silence(true);
      health.suspend();
      for (const container of containers.list()) runner.giveUp(container);
      await listener.close();
      if (!liveRestore) await Promise.all(running().map((one) => containers.dieSilently(one, 137)));
    },
    async comeUp() {
      // What ended while it was away is through before anything is said again.
      await Promise.all(containers.list().map((container) => container.lock.settled()));
      journal.forget();
      journal.silence(false);
      setUp(true);
      health.resume(running());
      for (const container of containers.list()) {
        if (container.config.autoRemove && container.status === 'exited') {
          await containers.remove(container, true);
        } else if (isRestored(container)) await containers.start(container);
      }
      await listener.open();
    },
  };

  /** A daemon that ends does not count as somebody's wish: restart policies apply when it comes back. */
  async function stopInOrder(container: ReturnType<typeof running>[number]): Promise<void> {
    await containers.stop(container);
    container.manuallyStopped = false;
  }
}
