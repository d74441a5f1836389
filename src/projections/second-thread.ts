/** The second thread of a rebuild: folds its share of the projections into a file of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { createLogReader } from '../log/read.ts';
import { createFreshFile } from './fresh-file.ts';
import { secondShare } from './shares.ts';

export interface SecondTask {
  readonly dataDir: string;
  readonly path: string;
  readonly until: number;
  readonly batch: number | undefined;
}

export type FromSecond =
  | { readonly kind: 'progress'; readonly position: number }
  | { readonly kind: 'done' }
  /** An error's parts, as its class does not come across. */
  | {
      readonly kind: 'failed';
      readonly name: string;
      readonly message: string;
      readonly code: string | undefined;
      readonly hint: string;
    };

const { dataDir, ...task } = workerData as SecondTask;
const tell = (message: FromSecond): void => parentPort!.postMessage(message);

function fold(): void {
  const log = createLogReader(dataDir);
  const fresh = createFreshFile({ ...task, log, projections: secondShare });
  try {
    for (let more = true; more; ) {
      more = fresh.step();
      tell({ kind: 'progress', position: fresh.position() });
    }
    fresh.finish();
  } finally {
    fresh.close();
    log.close();
  }
}

try {
  fold();
  tell({ kind: 'done' });
} catch (error) {
  const { name, message, code, hint = '' } = error as Error & { code?: string; hint?: string };
  tell({ kind: 'failed', name, message, code, hint });
}
