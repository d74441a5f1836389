/**
 * A rebuild on two threads, each with a file of its own: projections are folds of the log that know nothing of each other.
 * The second file's tables are then taken over into the first.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { RebuildStopped } from './bulk.ts';
import { ProjectionsFault } from './faults.ts';
import { removeProjections, secondPath } from './file.ts';
import { createFreshFile } from './fresh-file.ts';
import { type RebuildOptions, rebuild } from './rebuild.ts';
import type { FromSecond, SecondTask } from './second-thread.ts';
import { firstShare, secondShare } from './shares.ts';

export interface RebuildInTwoOptions extends Omit<RebuildOptions, 'projections' | 'cancelled'> {
  /** Of the log, which the other thread opens for itself. */
  readonly dataDir: string;
  /** Events from which on a second thread is worth its start. */
  readonly worthwhile?: number;
  readonly thread?: URL;
  /** Milliseconds without a word of the second thread after which it is given up, and as long as it has run by its last one. */
  readonly patience?: number;
}

const usual = {
  worthwhile: 20_000,
  thread: new URL('./second-thread.ts', import.meta.url),
  // Making the indexes takes seconds without a word, but never as long as the fold before it.
  patience: 60_000,
};

/**
 * One of the two runs on the calling thread, which hears of nothing else during a batch.
 * @returns the position that it reached: the log's head when it began, if no `until` is given
 * @throws {RebuildStopped}
 */
export async function rebuildInTwo(options: RebuildInTwoOptions): Promise<number> {
  const { dataDir, worthwhile, thread, patience, onProgress, ...rest } = { ...usual, ...options };
  const until = Math.min(options.until ?? Number.POSITIVE_INFINITY, options.log.head().position);
  if (until < worthwhile) return rebuild({ ...rest, until, ...(onProgress && { onProgress }) });
  const fresh = createFreshFile({ ...rest, until, projections: firstShare });
  const path = secondPath(options.path);
  const task = { dataDir, path, until, batch: options.batch };
  const second = startSecond(thread, task, patience, () => tell());
  const tell = (): void => onProgress?.(Math.min(fresh.position(), second.position()));
  try {
    while (fresh.step()) {
      tell();
      // What the other one has to say is heard here.
      await turn();
      second.check();
    }
    await second.done;
    fresh.takeOver(path, secondShare);
    tell();
    fresh.finish();
    return fresh.position();
  } finally {
    await second.end();
    removeProjections(path);
    fresh.close();
  }
}

function startSecond(script: URL, task: SecondTask, patience: number, onProgress: () => void) {
  let position = 0;
  let problem: Error | null = null;
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  // It is waited for at the end only, and asked in between.
  done.catch((error: Error) => {
    problem = error;
  });
  const thread = new Worker(script, { workerData: task, resourceLimits: { maxYoungGenerationSizeMb: 48 } });
  const silence = watchSilence(patience, () =>
    reject(new Error('the second thread of the rebuild does not get on; start the rebuild again')),
  );
  thread.on('message', (message: FromSecond) => {
    silence.broken();
    if (message.kind === 'failed') reject(errorOf(message));
    else if (message.kind === 'done') resolve();
    else {
      position = message.position;
      onProgress();
    }
  });
  thread.on('error', reject);
  thread.on('exit', () => reject(new Error('the second thread of the rebuild has ended')));
  return {
    done,
    position: () => position,
    /** @throws what it ended with */
    check(): void {
      if (problem !== null) throw problem;
    },
    async end(): Promise<void> {
      silence.stop();
      // One that hangs may not even end.
      const ended = thread.terminate();
      if (!silence.isOver()) await ended;
    },
  };
}

/** In turns of a timer, not by a clock: while this thread is busy it hears nothing, and that is no silence. */
function watchSilence(patience: number, onOver: () => void) {
  let [turns, silent] = [0, 0];
  let over = false;
  const most = 60;
  const timer = setInterval(() => {
    turns += 1;
    silent += 1;
    if (silent <= most + (turns - silent)) return;
    over = true;
    clearInterval(timer);
    onOver();
  }, patience / most);
  return {
    broken(): void {
      silent = 0;
    },
    isOver: () => over,
    stop: () => clearInterval(timer),
  };
}

/** Errors lose their class on the way between threads. */
function errorOf({ name, message, code, hint }: FromSecond & { readonly kind: 'failed' }): Error {
  if (name === 'RebuildStopped') return new RebuildStopped(message, code as RebuildStopped['code'], hint);
  if (name === 'ProjectionsFault') return new ProjectionsFault(message, code as ProjectionsFault['code']);
  return new Error(message);
}
