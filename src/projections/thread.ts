/** The thread that keeps the projections: is told how far the log is, takes that in, and says how far it is. */
import { parentPort, workerData } from 'node:worker_threads';
import { createLogReader } from '../log/read.ts';
import { openProjections } from './file.ts';
import { createProjector, type Progress } from './projector.ts';

export type ToProjections = { readonly kind: 'grown' } | { readonly kind: 'stop' };
export type FromProjections =
  | { readonly kind: 'progress'; readonly progress: readonly Progress[] }
  | {
      readonly kind: 'unreadable';
      readonly position: number;
      readonly type: string;
      readonly problem: string;
    };

const { dataDir } = workerData as { dataDir: string };
const port = parentPort!;
const tell = (message: FromProjections): void => port.postMessage(message);

const db = openProjections(dataDir);
const log = createLogReader(dataDir);
const projector = createProjector(db, log, ({ position, type, problem }) =>
  tell({ kind: 'unreadable', position, type, problem }),
);
let scheduled = false;
let stopped = false;

/** One batch in each turn, so that a stop is heard in between. */
function follow(): void {
  scheduled = false;
  if (stopped) return;
  const more = projector.step();
  tell({ kind: 'progress', progress: projector.progress() });
  if (more) schedule();
}

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  setImmediate(follow);
}

port.on('message', (message: ToProjections) => {
  if (message.kind === 'grown') schedule();
  else {
    stopped = true;
    db.close();
    log.close();
    port.close();
  }
});

schedule();
