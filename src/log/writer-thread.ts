/** The writer thread as seen from the main thread: calls in, answers in the same order out. */
import { Worker } from 'node:worker_threads';
import type { Answer, Call, Opening, WriterData, WriterHead } from './messages.ts';
import { LogUnusable, LogUnwritable } from './port.ts';

export interface WriterThread {
  /** The log's head when the thread opened it. */
  readonly head: WriterHead;
  ended(): boolean;
  /** @throws {LogUnwritable} `io` if the thread has ended; what was called may or may not be in the log */
  call(call: Call): Promise<Answer>;
  /** Resolves when the file is closed and the thread has ended. */
  close(): Promise<void>;
}

/**
 * @param onFailure the thread has died of an error, which is a bug or a lack of memory
 * @throws {LogUnusable} the log cannot be opened
 */
export async function startWriter(
  dataDir: string,
  onFailure: (error: unknown) => void,
): Promise<WriterThread> {
  const bell = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('./writer.ts', import.meta.url), {
    workerData: { dataDir, bell } satisfies WriterData,
    resourceLimits: { maxYoungGenerationSizeMb: 6 },
  });
  const opened = Promise.withResolvers<WriterHead>();
  const exited = Promise.withResolvers<void>();
  const waiting: PromiseWithResolvers<Answer>[] = [];
  let ended = false;

  worker.once('message', (opening: Opening) => {
    if (opening.kind === 'open') opened.resolve(opening.head);
    else opened.reject(new LogUnusable(opening.message, opening.code, opening.hint));
    worker.on('message', (answer: Answer) => waiting.shift()?.resolve(answer));
  });
  worker.on('error', onFailure);
  worker.on('exit', () => {
    ended = true;
    opened.reject(new LogUnusable(failed, 'io', 'the service log says why it failed'));
    for (const call of waiting) call.reject(threadEnded());
    waiting.length = 0;
    exited.resolve();
  });

  function call(message: Call): Promise<Answer> {
    if (ended) return Promise.reject(threadEnded());
    const answer = Promise.withResolvers<Answer>();
    // Before it is waited for: what cannot be posted is never answered, and each would get the answer of the one before.
    worker.postMessage(message);
    waiting.push(answer);
    Atomics.add(bell, 0, 1);
    Atomics.notify(bell, 0);
    return answer.promise;
  }

  return {
    head: await opened.promise,
    ended: () => ended,
    call,
    async close() {
      if (!ended) await call({ kind: 'close' });
      await exited.promise;
    },
  };
}

const failed = 'the thread that writes the log has failed';

const threadEnded = (): LogUnwritable =>
  new LogUnwritable(failed, 'io', 'it is started again by itself; the service log says why it failed');
