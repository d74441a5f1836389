/** The thread of one job: folds the log again, tells how far it is and what came of it. */
import { parentPort, workerData } from 'node:worker_threads';
import { createLogReader } from '../log/read.ts';
import { verifyLog } from '../log/verify-log.ts';
import { lowerPriority } from '../observability/thread-priority.ts';
import { compareProjections } from '../projections/compare.ts';
import { projectionsPath } from '../projections/file.ts';
import { rebuildInTwo } from '../projections/rebuild-in-two.ts';
import type { FromJob, Task } from './jobs.ts';
import { whatIf } from './what-if.ts';

const { dataDir, task, scratch } = workerData as { dataDir: string; task: Task; scratch: string };
const port = parentPort!;
// It takes a core for minutes, and nobody waits for it in particular.
lowerPriority(15);
const tell = (message: FromJob): void => port.postMessage(message);
let last = 0;

/** At most every 100 ms. */
function progress(position: number, head: number): void {
  const now = performance.now();
  if (now - last < 100 && position < head) return;
  last = now;
  tell({ kind: 'progress', position, head });
}

async function run(): Promise<unknown> {
  if (task.mode === 'verify')
    return verifyLog({ dataDir, expectHead: task.expectHead, onProgress: progress });
  const log = createLogReader(dataDir);
  try {
    const head = log.head().position;
    const until = Math.min(task.until ?? head, head);
    switch (task.mode) {
      case 'rebuild': {
        const onProgress = (at: number): void => progress(at, head);
        return { position: await rebuildInTwo({ log, dataDir, path: scratch, onProgress }) };
      }
      case 'compare':
        return compareProjections({ log, live: projectionsPath(dataDir), scratch, onProgress: progress });
      case 'what-if':
        return whatIf({ log, policy: task.policy ?? {}, until, onProgress: (at) => progress(at, until) });
      default:
        return task satisfies never;
    }
  } finally {
    log.close();
  }
}

run().then(
  (result) => tell({ kind: 'done', result }),
  (error: Error & { hint?: string }) =>
    tell({ kind: 'failed', message: error.message, hint: error.hint ?? null }),
);
