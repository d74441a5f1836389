/** Health checks: probes at intervals, their results, and the status that follows from them. */
import type { Clock } from './clock.ts';
import { type Container, envOf } from './container.ts';
import { type ContainerEvents, probeCommand } from './container-events.ts';

export interface ProbeResult {
  readonly start: bigint;
  readonly end: bigint;
  readonly exitCode: number;
}

export interface HealthRecord {
  readonly status: 'starting' | 'healthy' | 'unhealthy';
  readonly failingStreak: number;
  /** The last five. */
  readonly log: readonly ProbeResult[];
}

export interface HealthMonitor {
  /** The container runs: `starting`, and probes from here on. */
  begin(container: Container): void;
  /** It has ended: unhealthy, without a word. */
  end(container: Container): void;
  /** No probes while the daemon is away. */
  suspend(): void;
  resume(containers: readonly Container[]): void;
  /** From here on probes give this; one is made at once, and the status changes with it. */
  set(container: Container, status: HealthRecord['status']): void;
}

export function createHealthMonitor(deps: {
  readonly clock: Clock;
  readonly events: ContainerEvents;
  /** Milliseconds instead of each container's own interval. */
  readonly interval: number | null;
  /** The list is to show the container as it is now. */
  readonly checkpoint: (container: Container) => void;
}): HealthMonitor {
  const { clock, events, checkpoint } = deps;
  const timers = new Map<Container, NodeJS.Timeout>();
  const sick = new WeakSet<Container>();

  function watch(container: Container): void {
    const { healthcheck } = container.config;
    if (healthcheck === null || timers.has(container)) return;
    const every = deps.interval ?? healthcheck.interval;
    timers.set(container, setInterval(() => probe(container), every).unref());
  }

  function probe(container: Container): void {
    const exitCode = sick.has(container) || isWarmingUp(container) ? 1 : 0;
    const { failingStreak, status } = record(container, exitCode);
    const { retries, startPeriod } = container.config.healthcheck!;
    if (exitCode === 0) become(container, 'healthy');
    else if (status === 'starting' && age(container) < startPeriod) return;
    else if (failingStreak >= retries) become(container, 'unhealthy');
  }

  /** @returns as it is before anything follows from it */
  function record(container: Container, exitCode: number): HealthRecord {
    const start = clock.now();
    events.sayExec(container, probeCommand(container.config), exitCode);
    const before = container.probes ?? { status: 'starting', failingStreak: 0, log: [] };
    const counts =
      before.status !== 'starting' || age(container) >= container.config.healthcheck!.startPeriod;
    const failingStreak = exitCode === 0 ? 0 : before.failingStreak + (counts ? 1 : 0);
    const log = [...before.log, { start, end: clock.now(), exitCode }].slice(-5);
    container.probes = { ...before, failingStreak, log };
    checkpoint(container);
    return container.probes;
  }

  function become(container: Container, status: HealthRecord['status']): void {
    if (container.probes === null || container.probes.status === status) return;
    container.probes = { ...container.probes, status };
    checkpoint(container);
    if (status !== 'starting') events.say(container, `health_status: ${status}`);
  }

  /** Milliseconds since its start. */
  const age = ({ startedAt }: Container): number => Number((clock.now() - (startedAt ?? 0n)) / 1_000_000n);
  const isWarmingUp = (container: Container): boolean =>
    age(container) < (Number(envOf(container.config, 'SIMULATED_HEALTHY_AFTER')) || 0);

  function stopWatching(container: Container): void {
    clearInterval(timers.get(container));
    timers.delete(container);
  }

  return {
    begin(container) {
      if (container.config.healthcheck === null) return;
      container.probes = { status: 'starting', failingStreak: 0, log: container.probes?.log ?? [] };
      watch(container);
    },
    end(container) {
      stopWatching(container);
      if (container.probes !== null) container.probes = { ...container.probes, status: 'unhealthy' };
    },
    suspend() {
      for (const container of timers.keys()) stopWatching(container);
    },
    resume(containers) {
      for (const container of containers) watch(container);
    },
    set(container, status) {
      if (status === 'unhealthy') sick.add(container);
      else sick.delete(container);
      if (container.probes === null) return;
      if (status !== 'starting') record(container, status === 'healthy' ? 0 : 1);
      become(container, status);
    },
  };
}
