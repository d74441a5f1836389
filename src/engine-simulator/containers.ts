/** What can be done to containers: the calls of the API, and what befalls them. */
import type { Attachments } from './attachments.ts';
import type { Checkpoint } from './checkpoints.ts';
import type { Clock } from './clock.ts';
import { type Container, type ContainerConfig, isRunning, type RestartPolicy } from './container.ts';
import type { ContainerEvents } from './container-events.ts';
import type { HealthMonitor, HealthRecord } from './health.ts';
import { Refusal } from './http.ts';
import type { Network } from './networks.ts';
import { newContainer } from './new-container.ts';
import type { Random } from './random.ts';
import type { Registry } from './registry.ts';
import type { Runner } from './runner.ts';
import { sigkill, signalNumber, sigterm } from './signals.ts';

export interface Containers {
  list(): readonly Container[];
  /** By name, id or unique prefix of one. @throws {Refusal} 404 */
  get(key: string): Container;
  /** @param networks names, with aliases; the one of its network mode if not given */
  create(
    name: string | null,
    config: ContainerConfig,
    networks?: ReadonlyMap<string, readonly string[]>,
  ): Container;
  /** @returns whether anything changed */
  start(container: Container): Promise<boolean>;
  /** @param seconds until it is killed; -1 waits for ever. @returns whether anything changed */
  stop(container: Container, seconds?: number): Promise<boolean>;
  restart(container: Container, seconds?: number): Promise<void>;
  kill(container: Container, signal: string): Promise<void>;
  pause(container: Container): void;
  unpause(container: Container): void;
  rename(container: Container, name: string): void;
  update(container: Container, change: { readonly restart?: RestartPolicy | undefined }): void;
  remove(container: Container, force: boolean): Promise<void>;
  connect(container: Container, network: Network, aliases?: readonly string[]): Promise<void>;
  disconnect(container: Container, network: Network): Promise<void>;
  /** Resolves when it does not run; at once if it does not now, unless the next end is meant. */
  ended(container: Container, next?: boolean): Promise<void>;
  /** Resolves when it is no more. */
  removed(container: Container): Promise<void>;
  /** The process ends by itself; restart policy and `--rm` follow. */
  exit(container: Container, code: number, how?: { readonly oom?: boolean }): Promise<void>;
  /** What its health probes show from here on; the status changes at once. */
  setHealth(container: Container, health: HealthRecord['status']): void;
  /** The process ends without a word to anybody: meant for while the daemon is away. */
  dieSilently(container: Container, code: number): Promise<void>;
}

export function createContainers(deps: {
  readonly clock: Clock;
  readonly random: Random;
  readonly registry: Registry;
  readonly events: ContainerEvents;
  readonly attachments: Attachments;
  readonly health: HealthMonitor;
  readonly runner: Runner;
  readonly checkpoint: Checkpoint;
}): Containers {
  const { clock, random, registry, events, attachments, health, runner, checkpoint } = deps;
  const mourners = new Map<Container, (() => void)[]>();
  /** Restarted by a call: `--rm` does not apply to that end. */
  const kept = new Set<Container>();
  runner.onAutoRemove((container) => {
    if (!kept.has(container)) forget(container);
  });

  function forget(container: Container): void {
    if (!registry.has(container)) return;
    registry.remove(container);
    events.say(container, 'destroy');
    for (const resolve of mourners.get(container) ?? []) resolve();
    mourners.delete(container);
  }

  /** moby 20.10: daemon/kill.go. Any signal is deliberate unless the container names its stop signal. */
  function send(container: Container, signal: number): void {
    const stop = stopSignalOf(container);
    const deliberate = container.config.stopSignal === '' || signal === stop || signal === sigkill;
    if (deliberate) container.manuallyStopped = true;
    if (container.status === 'restarting') return;
    container.process?.signal(signal);
    events.say(container, 'kill', { signal: String(signal) });
    if (deliberate && container.status === 'paused' && signal !== sigkill) resume(container);
  }

  function resume(container: Container): void {
    container.status = 'running';
    container.process?.unpause();
    checkpoint(container);
    events.say(container, 'unpause');
  }

  async function stop(container: Container, seconds = container.config.stopTimeout): Promise<boolean> {
    if (runner.giveUp(container)) {
      container.manuallyStopped = true;
      events.say(container, 'stop');
      return true;
    }
    if (!isRunning(container)) return false;
    const ended = runner.ended(container, () => events.say(container, 'stop'));
    send(container, stopSignalOf(container));
    const timer = seconds < 0 ? undefined : setTimeout(() => killIfAlive(container), seconds * 1_000);
    await ended;
    clearTimeout(timer);
    return true;
  }

  function killIfAlive(container: Container): void {
    if (container.process !== null && !container.process.isEnding()) send(container, sigkill);
  }

  function start(container: Container): Promise<boolean> {
    return container.lock.exclusive(async () => {
      if (container.status === 'paused') {
        throw new Refusal(409, 'cannot start a paused container, try unpause instead');
      }
      if (!registry.has(container)) {
        throw new Refusal(409, 'container is marked for removal and cannot be started');
      }
      if (isRunning(container) || container.status === 'restarting') return false;
      await runner.launch(container);
      return true;
    });
  }

  async function end(container: Container, work: () => void): Promise<void> {
    if (container.process === null) return;
    const ended = runner.ended(container);
    work();
    await ended;
  }

  return {
    list: registry.list,
    get: registry.get,
    create(wanted, config, networks) {
      const container = newContainer(random.hex(32), registry.freeName(wanted), clock, config);
      const { networkMode } = config;
      const usual = networkMode.startsWith('container:') ? [] : [[networkMode, []] as const];
      attachments.plan(container, networks ?? new Map(usual));
      checkpoint(container);
      registry.add(container);
      events.say(container, 'create');
      return container;
    },
    start,
    stop,
    async restart(container, seconds) {
      kept.add(container);
      try {
        await stop(container, seconds);
        await start(container);
      } finally {
        kept.delete(container);
      }
      events.say(container, 'restart');
    },
    async kill(container, text) {
      const signal = signalNumber(text);
      if (container.status === 'restarting') {
        container.manuallyStopped = true;
        runner.giveUp(container);
        return;
      }
      if (!isRunning(container)) throw new Refusal(409, `Container ${container.id} is not running`);
      if (signal === sigkill) await end(container, () => send(container, signal));
      else send(container, signal);
    },
    pause(container) {
      if (container.status === 'paused') {
        throw new Refusal(409, `Container ${container.id} is already paused`);
      }
      if (container.status === 'restarting') {
        throw new Refusal(
          409,
          `Container ${container.id} is restarting, wait until the container is running`,
        );
      }
      if (container.status !== 'running') throw new Refusal(409, `Container ${container.id} is not running`);
      container.status = 'paused';
      container.process?.pause();
      checkpoint(container);
      events.say(container, 'pause');
    },
    unpause(container) {
      if (container.status !== 'paused') throw new Refusal(500, `Container ${container.id} is not paused`);
      resume(container);
    },
    rename(container, name) {
      if (name === '') throw new Refusal(400, 'Neither old nor new names may be empty');
      const wanted = name.startsWith('/') ? name : `/${name}`;
      const before = container.name;
      if (wanted === `/${before}`) {
        throw new Refusal(400, 'Renaming a container with the same name as its current name');
      }
      try {
        container.name = registry.freeName(wanted);
      } catch (error) {
        const { status, message } = error as Refusal;
        throw new Refusal(status, `Error when allocating new name: ${message}`);
      }
      checkpoint(container);
      events.say(container, 'rename', { oldName: `/${before}` });
    },
    update(container, { restart }) {
      if (restart !== undefined) container.restart = restart;
      checkpoint(container);
      events.say(container, 'update');
    },
    async remove(container, force) {
      if (!force) refuseIfBusy(container);
      runner.giveUp(container);
      await end(container, () => send(container, sigkill));
      await container.lock.settled();
      forget(container);
    },
    connect: (container, network, aliases = []) => attachments.connect(container, network, aliases),
    disconnect: attachments.disconnect,
    ended(container, next = false) {
      if (!next && container.process === null) return Promise.resolve();
      return runner.ended(container);
    },
    removed(container) {
      if (!registry.has(container)) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      mourners.set(container, [...(mourners.get(container) ?? []), resolve]);
      return promise;
    },
    exit: (container, code, { oom = false } = {}) =>
      end(container, () => {
        if (oom) events.say(container, 'oom');
        container.oomKilled = oom;
        container.process?.end(code);
      }),
    setHealth: health.set,
    dieSilently: (container, code) =>
      events.hushed(container, () => end(container, () => container.process?.end(code))),
  };
}

const stopSignalOf = ({ config }: Container): number =>
  config.stopSignal === '' ? sigterm : signalNumber(config.stopSignal);

/** moby 20.10: daemon/delete.go. */
function refuseIfBusy({ id, status }: Container): void {
  const ways: Partial<Record<Container['status'], string>> = {
    running: 'Stop the container before attempting removal or force remove',
    paused: 'Unpause and then stop the container before attempting removal or force remove',
    restarting: 'Stop the container before attempting removal or force remove',
  };
  const way = ways[status];
  if (way !== undefined) {
    throw new Refusal(409, `You cannot remove a ${status} container ${id}. ${way}`);
  }
}
