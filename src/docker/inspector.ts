/** Inspects containers: each one at most once at a time, many at once but bounded, until there is an answer. */
import type Docker from 'dockerode';
import type { ContainerId } from '../events/ids.ts';
import { type Backoff, createBackoff } from './backoff.ts';
import { readEngine } from './call.ts';
import { EngineError, type Sighting, type SightingCause } from './engine.ts';
import type { NetworkDrivers } from './network-drivers.ts';
import { networkIdsOf, observationOf, readInspected } from './observe.ts';
import type { Conceal } from './secrets.ts';

export interface InspectorOptions {
  readonly docker: Docker;
  readonly conceal: Conceal;
  readonly drivers: NetworkDrivers;
  /** True if the stream has said that this container was destroyed. */
  readonly wasDestroyed: (container: ContainerId) => boolean;
  readonly deliver: (sighting: Sighting, cause: SightingCause) => void;
  /** An attempt failed and will be made again. */
  readonly onFailure: (container: ContainerId, error: Error) => void;
  /** Inspections under way at once; 8 if not given. */
  readonly concurrency?: number;
  /** Milliseconds for one attempt; 5 s if not given. */
  readonly deadline?: number;
}

export interface Inspector {
  /**
   * Asks for the state after this moment. Resolves when it has been delivered, or with the second failure in a row,
   * so that one container that cannot be inspected holds up nobody; its attempts go on.
   */
  inspect(container: ContainerId, cause: SightingCause): Promise<void>;
  /** Drops what waits and what is under way; nothing is delivered from here on. */
  stop(): void;
}

/** What is asked for one container beyond the inspection that runs. */
interface Wish {
  cause: SightingCause;
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

interface Job {
  /** The one under way, or whose next attempt is due later. */
  current: Wish | null;
  next: Wish | null;
  failures: number;
  readonly backoff: Backoff;
  timer: NodeJS.Timeout | undefined;
}

export function createInspector(options: InspectorOptions): Inspector {
  const { concurrency = 8, deadline = 5_000 } = options;
  const jobs = new Map<ContainerId, Job>();
  // What a signal named goes first: a list of thousands must not hold up a container that starts now.
  const queues: Record<SightingCause, Set<ContainerId>> = { signal: new Set(), list: new Set() };
  const stopped = new AbortController();
  let running = 0;

  function inspect(container: ContainerId, cause: SightingCause): Promise<void> {
    if (stopped.signal.aborted) return Promise.resolve();
    const job = jobs.get(container) ?? newJob();
    jobs.set(container, job);
    const wish = job.next ?? newWish(cause);
    job.next = wish;
    if (cause === 'signal') wish.cause = 'signal';
    // While its inspection runs, the wish waits for its end: the answer may be older than what caused the wish.
    if (job.current === null || job.timer !== undefined) enqueue(container, job);
    return wish.promise;
  }

  function enqueue(container: ContainerId, job: Job): void {
    clearTimeout(job.timer);
    job.timer = undefined;
    if (job.current !== null) {
      // Its attempts failed and the next was due later: the new wish takes its place and is tried now.
      job.next ??= newWish(job.current.cause);
      void job.next.promise.then(job.current.resolve);
      job.current = null;
    }
    const cause = job.next?.cause ?? 'list';
    if (cause === 'signal') queues.list.delete(container);
    if (!queues.signal.has(container)) queues[cause].add(container);
    pump();
  }

  function pump(): void {
    while (running < concurrency) {
      const queue = queues.signal.size > 0 ? queues.signal : queues.list;
      const [container] = queue;
      if (container === undefined) return;
      queue.delete(container);
      const job = jobs.get(container)!;
      job.current = job.next;
      job.next = null;
      running += 1;
      void attempt(container, job, job.current!);
    }
  }

  async function attempt(container: ContainerId, job: Job, wish: Wish): Promise<void> {
    // Whatever it is: also a defect of ours must not pass for a sighting.
    const sighting = await look(container).catch((error: unknown) =>
      error instanceof Error ? error : new Error(String(error)),
    );
    running -= 1;
    if (stopped.signal.aborted) return;
    if (sighting instanceof Error) retryLater(container, job, wish, sighting);
    else {
      options.deliver(sighting, wish.cause);
      job.current = null;
      job.failures = 0;
      job.backoff.reset();
      wish.resolve();
      if (job.next === null) jobs.delete(container);
      else enqueue(container, job);
    }
    pump();
  }

  function retryLater(container: ContainerId, job: Job, wish: Wish, error: Error): void {
    options.onFailure(container, error);
    job.failures += 1;
    if (job.failures >= 2) wish.resolve();
    job.timer = setTimeout(() => enqueue(container, job), job.backoff.next());
  }

  async function look(container: ContainerId): Promise<Sighting> {
    try {
      const answer = await readEngine({ deadline, signal: stopped.signal }, (abortSignal) =>
        options.docker.getContainer(container).inspect({ abortSignal }),
      );
      const inspected = readInspected(answer);
      await options.drivers.learn(networkIdsOf(inspected));
      return { kind: 'observed', observation: observationOf(inspected, options.conceal, options.drivers.of) };
    } catch (error) {
      if (!(error instanceof EngineError) || error.status !== 404) throw error;
      return { kind: 'lost', container, reason: options.wasDestroyed(container) ? 'destroyed' : 'not-found' };
    }
  }

  function stop(): void {
    stopped.abort(new EngineError('the connection has ended', 503));
    for (const job of jobs.values()) {
      clearTimeout(job.timer);
      job.current?.resolve();
      job.next?.resolve();
    }
    jobs.clear();
    queues.signal.clear();
    queues.list.clear();
  }

  return { inspect, stop };
}

const newJob = (): Job => ({
  current: null,
  next: null,
  failures: 0,
  backoff: createBackoff(100, 5_000),
  timer: undefined,
});

function newWish(cause: SightingCause): Wish {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { cause, promise, resolve };
}
