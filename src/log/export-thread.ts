/** The thread of one export: hands out a piece each time it is asked for more. */
import { Writable } from 'node:stream';
import { parentPort, workerData } from 'node:worker_threads';
import { exportLog } from './export.ts';
import type { FromExport } from './export-stream.ts';
import { LogUnusable } from './port.ts';

const { dataDir } = workerData as { dataDir: string };
const port = parentPort!;
const tell = (message: FromExport): void => port.postMessage(message);

let asked = 0;
let go: (() => void) | null = null;
port.on('message', () => {
  asked += 1;
  go?.();
});

const out = new Writable({
  write(bytes: Buffer, _, done) {
    const hand = (): void => {
      go = null;
      asked -= 1;
      tell({ kind: 'piece', bytes });
      done();
    };
    if (asked > 0) hand();
    else go = hand;
  },
});

exportLog({ dataDir, out })
  .then(
    () => tell({ kind: 'end' }),
    (error: Error) => {
      const unusable = error instanceof LogUnusable ? { code: error.code, hint: error.hint } : null;
      tell({ kind: 'failed', message: error.message, unusable });
    },
  )
  .finally(() => port.close());
