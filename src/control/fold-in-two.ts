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

/** Events from which on the thread is worth its start. */
const enough = 20_000;

/**
 * @param log of the same folder, which the thread opens for itself
 * @returns null where it is not worth it, did not work, or met an event that cannot be read: what follows from that one
 * depends on its place among all others
 */
export async function foldInTwo(log: LogReader, dataDir: string, worthwhile = enough): Promise<State | null> {
  const until = log.head().position;
  if (until < worthwhile) return null;
  const folded = foldOthers({ dataDir, until });
  const signals = foldSignals(log, until);
  const bytes = await folded;
  if (signals === null || bytes === null) return null;
  const state = thaw(bytes);
  state.lastSignal = signals.lastSignal;
  if (signals.position > state.position) {
    state.position = signals.position;
    state.recordedAt = signals.recordedAt;
  }
  return state;
}

/** They say from where the engine's history is to be resumed. @returns null if one cannot be read */
function foldSignals(log: LogReader, until: number): State | null {
  const state = createState();
  let isWhole = true;
  log.fold(
    { after: state.position, until, types: signalTypes },
    (signal) => {
      evolve(state, signal);
    },
    () => {
      isWhole = false;
    },
  );
  return isWhole ? state : null;
}

/** @returns the state, frozen; null if it came to nothing: whoever folds by himself then meets what is at fault */
function foldOthers(task: FoldTask): Promise<Uint8Array | null> {
  return new Promise((resolve) => {
    const thread = new Worker(new URL('./fold-thread.ts', import.meta.url), {
      workerData: task,
      resourceLimits: { maxYoungGenerationSizeMb: 48 },
    });
    thread.on('message', resolve);
    thread.on('error', () => resolve(null));
    thread.on('exit', () => resolve(null));
  });
}
