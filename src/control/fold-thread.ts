/** The second thread of a fold from the start: takes in all but the signals that nothing follows from. */
import { parentPort, workerData } from 'node:worker_threads';
import { createLogReader } from '../log/read.ts';
import { untold } from '../routing/entries.ts';
import { evolve } from '../routing/evolve.ts';
import { freeze } from '../routing/freeze.ts';
import { createState } from '../routing/state.ts';

export interface FoldTask {
  readonly dataDir: string;
  /** Inclusive. */
  readonly until: number;
}

const { dataDir, until } = workerData as FoldTask;
const log = createLogReader(dataDir);
const state = createState();
log.fold(
  { after: state.position, until, except: [...untold] },
  (event) => {
    evolve(state, event);
  },
  ({ position, problem }) => {
    throw new Error(`the event at position ${position} cannot be read: ${problem}`);
  },
);
log.close();
parentPort!.postMessage(freeze(state));
