/** The projections on the main thread's side: tells their thread of new events, and knows how far it is. */
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { Progress } from './projector.ts';
import type { FromProjections, ToProjections } from './thread.ts';

export interface Projections {
  /** The log has grown. */
  notify(): void;
  progress(): readonly Progress[];
  /**
   * Resolves with true once all projections that still follow have taken in this position, with false if that takes
   * longer than `deadline` milliseconds or they are stopped.
   */
  reached(position: number, deadline: number): Promise<boolean>;
  /** Throws the file away and makes it again from the log. */
  replace(): void;
  /** Puts a file that was made beside in the place of the live one. @throws {Error} it could not be */
  adopt(path: string): Promise<void>;
  stop(): Promise<void>;
}

/** Milliseconds before the thread is started again after a failure. */
const restartAfter = 1_000;

interface Waiter {
  readonly position: number;
  settle(reached: boolean): void;
}

export function startProjections(dataDir: string, logger: Logger): Projections {
  let progress: readonly Progress[] = [];
  /** Why none of them follows; empty while they do. */
  let fault = '';
  let stopping = false;
  let worker: Worker | null = launch();
  const reported = new Set<string>();
  const waiters = new Set<Waiter>();
  const adoptions = new Map<string, PromiseWithResolvers<void>>();

  function launch(): Worker {
    const thread = new Worker(new URL('./thread.ts', import.meta.url), {
      workerData: { dataDir },
      resourceLimits: { maxYoungGenerationSizeMb: 6 },
    });
    thread.on('message', receive);
    thread.on('error', (error) => {
      logger.error({ err: error }, 'the thread of the projections has failed');
      stopAll('the thread of the projections has failed', progress);
    });
    thread.on('exit', () => {
      worker = null;
      for (const [path] of adoptions) settleAdoption(path, 'the thread of the projections has ended');
      if (stopping) return;
      setTimeout(() => {
        if (!stopping) worker = launch();
      }, restartAfter).unref();
    });
    return thread;
  }

  function receive(message: FromProjections): void {
    switch (message.kind) {
      case 'progress':
        if (fault !== '') {
          logger.info('the projections follow again');
          reported.delete(fault);
          fault = '';
        }
        for (const one of message.progress) report(one.problem, { projection: one.name });
        take(message.progress);
        return;
      case 'unreadable': {
        const { position, type, problem } = message;
        logger.error({ position, type, problem }, 'an event cannot be read; the projections set it aside');
        return;
      }
      case 'adopted':
        settleAdoption(message.path, message.problem);
        return;
      case 'replaced':
        logger.warn({ reason: message.reason }, 'projections.db is made again from the log');
        progress = progress.map(({ name }) => ({ name, position: 0, problem: '' }));
        return;
      case 'unwritable':
        report(message.reason, {});
        stopAll(message.reason, message.progress);
        return;
      default:
        message satisfies never;
    }
  }

  function take(next: readonly Progress[]): void {
    progress = next;
    for (const waiter of waiters) if (isReached(progress, waiter.position)) waiter.settle(true);
  }

  /** Until the next progress. */
  function stopAll(reason: string, next: readonly Progress[]): void {
    fault = reason;
    take(next.map((one) => (one.problem === '' ? { ...one, problem: reason } : one)));
  }

  function settleAdoption(path: string, problem: string): void {
    const adoption = adoptions.get(path);
    adoptions.delete(path);
    if (problem === '') adoption?.resolve();
    else adoption?.reject(new Error(problem));
  }

  /** Once for each problem. */
  function report(problem: string, about: Record<string, unknown>): void {
    if (problem === '' || reported.has(problem)) return;
    reported.add(problem);
    logger.error({ ...about, problem }, 'the projections are stale');
  }

  const tell = (message: ToProjections): void => worker?.postMessage(message);

  return {
    notify: () => tell({ kind: 'grown' }),
    progress: () => progress,
    reached(position, deadline) {
      if (isReached(progress, position)) return Promise.resolve(true);
      return new Promise((resolve) => {
        const waiter: Waiter = {
          position,
          settle(reached) {
            clearTimeout(timer);
            waiters.delete(waiter);
            resolve(reached);
          },
        };
        const timer = setTimeout(() => waiter.settle(false), deadline);
        waiters.add(waiter);
      });
    },
    replace: () => tell({ kind: 'replace' }),
    adopt(path) {
      if (worker === null) return Promise.reject(new Error('the thread of the projections has ended'));
      const adoption = Promise.withResolvers<void>();
      adoptions.set(path, adoption);
      tell({ kind: 'adopt', path });
      return adoption.promise;
    },
    async stop() {
      stopping = true;
      for (const waiter of waiters) waiter.settle(false);
      if (worker === null) return;
      const exit = new Promise<void>((resolve) => worker!.once('exit', () => resolve()));
      tell({ kind: 'stop' });
      await exit;
    },
  };
}

/** One that stopped is stale and said to be so; nobody waits for it. */
function isReached(progress: readonly Progress[], position: number): boolean {
  return progress.length > 0 && progress.every((one) => one.problem !== '' || one.position >= position);
}
