/** An export from a thread of its own, a piece at a time as it is read. */
import { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';

export type FromExport =
  | { readonly kind: 'piece'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly message: string };

/** Fails with an error where the log cannot be read: whoever reads sees that it broke off. */
export function openExport(dataDir: string): Readable {
  const thread = new Worker(new URL('./export-thread.ts', import.meta.url), {
    workerData: { dataDir },
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  });
  const stream = new Readable({
    read: () => thread.postMessage('more'),
    destroy(error, done) {
      thread.terminate().then(() => done(error), done);
    },
  });
  thread.on('message', (message: FromExport) => {
    if (message.kind === 'piece') stream.push(message.bytes);
    else if (message.kind === 'end') stream.push(null);
    else stream.destroy(new Error(message.message));
  });
  thread.on('error', (error: Error) => stream.destroy(error));
  return stream;
}
