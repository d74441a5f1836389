/** Starts containers' processes, and does what has to be done when they end, in the order of moby 20.10. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Attachments } from './attachments.ts';
import type { Checkpoint } from './checkpoints.ts';
import { type Clock, instant } from './clock.ts';
import { type Container, envOf, hasOwnNetwork, isRunning } from './container.ts';
import type { ContainerEvents } from './container-events.ts';
import type { Faults } from './faults.ts';
import type { HealthMonitor } from './health.ts';
import { Refusal } from './http.ts';
import { type Process, startProcess } from './process.ts';
import { publishPorts } from './published-ports.ts';
import type { Registry } from './registry.ts';
import { isRestarted, nextBackoff } from './restart-policy.ts';
import type { Timings } from './timings.ts';

export interface Runner {
  /** Under the container's lock. @throws {Refusal} */
  launch(container: Container): Promise<void>;
  /** Resolves when the process has ended and the networks are released; `last` is called before the removal by `--rm`. */
  ended(container: Container, last?: () => void): Promise<void>;
  /** One that waits to be restarted stays down. @returns whether it did */
  giveUp(container: Container): boolean;
  /** How a `--rm` container is removed after its end, or after a start that failed. */
  onAutoRemove(remove: (container: Container) => void): void;
}

export function createRunner(deps: {
  readonly clock: Clock;
  readonly timings: Timings;
  readonly faults: Faults;
  readonly registry: Registry;
  readonly events: ContainerEvents;
  readonly attachments: Attachments;
  readonly health: HealthMonitor;
  readonly checkpoint: Checkpoint;
  /** Whether the daemon is there to see it. */
  readonly isUp: () => boolean;
}): Runner {
  const { clock, timings, faults, registry, events, attachments, health, checkpoint, isUp } = deps;
  const waiters = new Map<Container, (() => void)[]>();
  const restarting = new Map<Container, NodeJS.Timeout>();
  const backoffs = new WeakMap<Container, number>();
  let autoRemove: (container: Container) => void = () => undefined;
  let lastPid = 4_000;

  async function launch(container: Container): Promise<void> {
    container.manuallyStopped = false;
    container.error = '';
    const process = await bringUp(container);
    container.process = process;
    container.status = 'running';
    container.exitCode = 0;
    container.oomKilled = false;
    health.begin(container);
    container.output.write(`started as ${container.name}`);
    checkpoint(container);
    events.say(container, 'start');
    void process.ended.then((code) => container.lock.exclusive(() => settle(container, process, code)));
  }

  async function bringUp(container: Container): Promise<Process> {
    try {
      attachments.join(container);
      await sleep(timings.start);
      const why = envOf(container.config, 'SIMULATED_START_ERROR');
      if (why !== null) throw new Refusal(400, why);
      const addresses = addressesOf(container);
      const [first] = addresses;
      if (first !== undefined) {
        container.published = await publishPorts(container.config, first, container.name);
      }
      container.startedAt = clock.now();
      const process = createProcess(container);
      for (const address of addresses) await process.listen(address);
      return process;
    } catch (error) {
      attachments.leave(container);
      container.error = (error as Error).message;
      container.exitCode = error instanceof Refusal && error.status === 400 ? 127 : 128;
      checkpoint(container);
      if (container.config.autoRemove) autoRemove(container);
      throw error;
    }
  }

  /** Where its servers listen: its own addresses, another container's, or the host's. */
  function addressesOf(container: Container): string[] {
    const { networkMode } = container.config;
    if (networkMode === 'host') return ['127.0.0.1'];
    if (hasOwnNetwork(container.config)) return ownAddresses(container);
    const other = registry.get(networkMode.slice('container:'.length));
    if (isRunning(other)) return ownAddresses(other);
    throw new Refusal(409, `cannot join network of a non running container: ${other.id}`);
  }

  function createProcess(container: Container): Process {
    lastPid += 1;
    return startProcess({
      container,
      pid: lastPid,
      ports: container.config.exposed
        .filter((port) => port.endsWith('/tcp'))
        .map((port) => Number.parseInt(port, 10)),
      identity: {
        id: container.id,
        name: () => container.name,
        startedAt: instant(container.startedAt!),
        onRequest: (line) => container.output.write(line),
      },
    });
  }

  /** Its process has ended. While this goes on, inspect waits and the list still shows it as it was. */
  async function settle(container: Container, process: Process, code: number): Promise<void> {
    if (container.process !== process) return;
    const uptime = Number((clock.now() - (container.startedAt ?? 0n)) / 1_000_000n);
    container.process = null;
    container.exitCode = code;
    container.finishedAt = clock.now();
    const seen = isUp() && !events.isHushed(container);
    const again = seen && isRestarted(container);
    container.status = again ? 'restarting' : 'exited';
    if (again) container.restartCount += 1;
    health.end(container);
    const waiting = waiters.get(container) ?? [];
    waiters.delete(container);
    if (faults.stopBeforeDie) for (const resolve of waiting.splice(0)) resolve();
    events.say(container, 'die', { exitCode: String(code) });
    await sleep(timings.cleanup);
    await Promise.all(container.published.map((one) => one.close()));
    container.published = [];
    attachments.leave(container);
    container.output.write(`ended with ${code}`);
    container.output.end();
    checkpoint(container);
    for (const resolve of waiting) resolve();
    if (again) restartLater(container, uptime);
    else if (container.config.autoRemove && seen) autoRemove(container);
  }

  function restartLater(container: Container, uptime: number): void {
    const pause = nextBackoff(backoffs.get(container) ?? 0, uptime, timings);
    backoffs.set(container, pause);
    const timer = setTimeout(() => void container.lock.exclusive(() => restart(container)), pause);
    restarting.set(container, timer);
  }

  async function restart(container: Container): Promise<void> {
    if (!restarting.delete(container)) return;
    try {
      await launch(container);
    } catch {
      // Kept as the container's error, which inspect shows.
      container.status = 'exited';
      checkpoint(container);
    }
  }

  return {
    launch,
    ended(container, last) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const finish = (): void => {
        last?.();
        resolve();
      };
      waiters.set(container, [...(waiters.get(container) ?? []), finish]);
      return promise;
    },
    giveUp(container) {
      const timer = restarting.get(container);
      if (timer === undefined) return false;
      clearTimeout(timer);
      restarting.delete(container);
      container.status = 'exited';
      checkpoint(container);
      return true;
    },
    onAutoRemove(remove) {
      autoRemove = remove;
    },
  };
}

const ownAddresses = ({ endpoints }: Container): string[] =>
  [...endpoints.values()].flatMap(({ address }) => (address === '' ? [] : [address]));
