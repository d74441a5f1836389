/** The thread that keeps the projections: is told that the log has grown, takes that in, and says how far it is. */
import { renameSync, rmSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { DatabaseFile } from '../db/open.ts';
import { createLogReader } from '../log/read.ts';
import { faultOf } from './faults.ts';
import { inodeOf, openProjections, projectionsPath, removeProjections } from './file.ts';
import { createProjector, type Progress, type Projector } from './projector.ts';
import { allProjections } from './registry.ts';

export type ToProjections =
  | { readonly kind: 'grown' }
  | { readonly kind: 'replace' }
  /** A file that was made beside takes the place of the live one. */
  | { readonly kind: 'adopt'; readonly path: string }
  | { readonly kind: 'stop' };
export type FromProjections =
  | { readonly kind: 'progress'; readonly progress: readonly Progress[] }
  /** The file that was made beside is the live one now; `problem` if it could not be. */
  | { readonly kind: 'adopted'; readonly path: string; readonly problem: string }
  /** The file was thrown away and is made again. */
  | { readonly kind: 'replaced'; readonly reason: string }
  /** It is tried again. */
  | { readonly kind: 'unwritable'; readonly reason: string; readonly progress: readonly Progress[] }
  | {
      readonly kind: 'unreadable';
      readonly position: number;
      readonly type: string;
      readonly problem: string;
    };

/** Milliseconds before an unwritable file is tried again. */
const retryAfter = 1_000;

/** Of a file that could not be opened. */
const unopened: readonly Progress[] = allProjections.map(({ name }) => ({ name, position: 0, problem: '' }));

const { dataDir } = workerData as { dataDir: string };
const path = projectionsPath(dataDir);
const port = parentPort!;
const tell = (message: FromProjections): void => port.postMessage(message);

const log = createLogReader(dataDir);
interface Open {
  readonly db: DatabaseFile;
  readonly projector: Projector;
  readonly inode: bigint | null;
}
let open: Open | null = null;
let scheduled = false;
let stopped = false;

function opened(): Open {
  if (open !== null) return open;
  const db = openProjections(path, (reason) => tell({ kind: 'replaced', reason }));
  const projector = createProjector(db, log, allProjections, ({ position, type, problem }) =>
    tell({ kind: 'unreadable', position, type, problem }),
  );
  open = { db, projector, inode: inodeOf(path) };
  return open;
}

/** One batch in each turn, so that a stop is heard in between. */
function follow(): void {
  scheduled = false;
  if (stopped) return;
  // Whoever asks opens the file by its name: what goes into another one nobody sees.
  if (open !== null && inodeOf(path) !== open.inode) {
    replace('the file was moved or removed');
    return;
  }
  try {
    const { projector } = opened();
    const more = projector.step();
    tell({ kind: 'progress', progress: projector.progress() });
    if (more) schedule();
  } catch (error) {
    const fault = faultOf(error);
    if (fault === null) throw error;
    if (fault.code === 'damaged') replace(fault.message);
    else {
      tell({ kind: 'unwritable', reason: fault.message, progress: open?.projector.progress() ?? unopened });
      setTimeout(schedule, retryAfter).unref();
    }
  }
}

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  setImmediate(follow);
}

/** Disposable: it is made again from the log. */
function replace(reason: string): void {
  close();
  removeProjections(path);
  tell({ kind: 'replaced', reason });
  schedule();
}

/** By a rename, so that whoever opens the file gets the one or the other. */
function adopt(fresh: string): void {
  let problem = '';
  try {
    close();
    for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
    renameSync(fresh, path);
  } catch (error) {
    problem = (error as Error).message;
  }
  tell({ kind: 'adopted', path: fresh, problem });
  schedule();
}

function close(): void {
  open?.db.close();
  open = null;
}

port.on('message', (message: ToProjections) => {
  switch (message.kind) {
    case 'grown':
      schedule();
      return;
    case 'replace':
      replace('asked for');
      return;
    case 'adopt':
      adopt(message.path);
      return;
    case 'stop':
      stopped = true;
      close();
      log.close();
      port.close();
      return;
    default:
      message satisfies never;
  }
});

schedule();
