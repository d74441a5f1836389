/**
 * Folds a long log from its start on two threads: about half of its events are signals, which leave hardly a trace in the
 * state. They are read here, and meanwhile all else is folded by a thread whose young generation suits that.
 */
import { Worker } from 'node:worker_threads';
import { signalTypes } from '../events/signals.ts';
import type { LogReader } from '../log/port.ts';
import { evolve } from '../routing/evolve.ts';
import { thaw } from '../routing/freeze.ts';
import { createState, type State } from '../routing/state.ts';
import type { FoldTask } from './fold-thread.ts';

export interface Folding {
  /** Events from which on the thread is worth its start. */
  readonly worthwhile: number;
  readonly thread: URL;
  /** Milliseconds for which the thread is waited for, and ten times as long as this one took for its share. */
  readonly patience: number;
}

const usual: Folding = {
  worthwhile: 20_000,
  thread: new URL('./fold-thread.ts', import.meta.url),
  patience: 10_000,
};

/**
 * @param log of the same folder, which the thread opens for itself
 * @param onVain why it did not work, which costs time and nothing else
 * @returns null where it is not worth it, did not work, or met an event that cannot be read: what follows from that one
 * depends on its place among all others
 */
export async function foldInTwo(
  log: LogReader,
  dataDir: string,
  onVain: (reason: string) => void,
  changes: Partial<Folding> = {},
): Promise<State | null> {
  const folding = { ...usual, ...changes };
  const until = log.head().position;
  if (until < folding.worthwhile) return null;
  let thread: Worker | null = null;
  try {
    thread = new Worker(folding.thread, {
      workerData: { dataDir, until } satisfies FoldTask,
      resourceLimits: { maxYoungGenerationSizeMb: 48 },
    });
    const answer = answerOf(thread);
    const began = performance.now();
    const signals = foldSignals(log, until);
    const others = await within(folding.patience + 10 * (performance.now() - began), answer);
    return joined(thaw(others), signals);
  } catch (error) {
    onVain((error as Error).message);
    return null;
  } finally {
    void thread?.terminate();
  }
}

function joined(state: State, signals: State): State {
  state.lastSignal = signals.lastSignal;
  if (signals.position > state.position) {
    state.position = signals.position;
    state.recordedAt = signals.recordedAt;
  }
  return state;
}

/** They say from where the engine's history is to be resumed. */
function foldSignals(log: LogReader, until: number): State {
  const state = createState();
  log.fold(
    { after: state.position, until, types: signalTypes },
    (signal) => {
      evolve(state, signal);
    },
    ({ position, problem }) => {
      throw new Error(`the event at position ${position} cannot be read: ${problem}`);
    },
  );
  return state;
}

/** The state of all others, frozen. */
function answerOf(thread: Worker): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  thread.on('message', resolve);
  thread.on('error', reject);
  thread.on('exit', () => reject(new Error('the second thread ended without a word')));
  // It may fail before it is looked at.
  promise.catch(() => undefined);
  return promise;
}

async function within<T>(milliseconds: number, answer: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`the second thread took more than ${Math.round(milliseconds)} ms`)),
    milliseconds,
  );
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
