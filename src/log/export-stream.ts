/** An export from a thread of its own, a piece at a time as it is read. */
import { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { LogUnusable } from './port.ts';

export type FromExport =
  | { readonly kind: 'piece'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  /** `unusable`: of a log that cannot be read; null for a defect. */
  | {
      readonly kind: 'failed';
      readonly message: string;
      readonly unusable: Pick<LogUnusable, 'code' | 'hint'> | null;
    };

/** Milliseconds after which a reader that takes nothing is given up: the thread would be held for ever. */
const patience = 60_000;

/** Fails with `LogUnusable` where the log cannot be read: whoever reads sees that it broke off. */
export function openExport(dataDir: string, idle = patience): Readable {
  const thread = new Worker(new URL('./export-thread.ts', import.meta.url), {
    workerData: { dataDir },
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  });
  const stream = new Readable({
    read() {
      timer.refresh();
      thread.postMessage('more');
    },
    destroy(error, done) {
      clearTimeout(timer);
      thread.terminate().then(() => done(error), done);
    },
  });
  const timer = setTimeout(
    () => stream.destroy(new Error(`nothing of the export was taken for ${idle / 1_000} s`)),
    idle,
  );
  thread.on('message', (message: FromExport) => {
    if (message.kind === 'piece') stream.push(message.bytes);
    else if (message.kind === 'end') stream.push(null);
    else stream.destroy(failureOf(message));
  });
  thread.on('error', (error: Error) => stream.destroy(error));
  return stream;
}

const failureOf = ({ message, unusable }: FromExport & { readonly kind: 'failed' }): Error =>
  unusable === null ? new Error(message) : new LogUnusable(message, unusable.code, unusable.hint);
