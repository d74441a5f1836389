/** The log on the main thread's side: hands batches to the writer thread and gives events their places. */
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { Event, NewEvent } from '../events/event.ts';
import type { Position } from '../events/ids.ts';
import { currentVersion } from '../events/upcast.ts';
import { lockFolder } from './lock.ts';
import type { Answer, FromWriter, ToWriter, WriterHead } from './messages.ts';
import { type AppendOutcome, type Log, type LogHead, LogUnusable, LogUnwritable } from './port.ts';

type Call = ToWriter extends infer Message
  ? Message extends unknown
    ? Omit<Message, 'call'>
    : never
  : never;

/**
 * Takes the folder's lock, opens the log in a thread of its own and checks it.
 * @throws {LogUnusable} in use, empty, truncated, foreign, damaged or from a newer version; nothing is changed then
 */
export async function openLog(options: { readonly dataDir: string; readonly logger: Logger }): Promise<Log> {
  const lock = lockFolder(options.dataDir);
  try {
    const writer = await startWriter(options.dataDir, options.logger);
    return createLog(writer, lock.release);
  } catch (error) {
    lock.release();
    throw error;
  }
}

function createLog(writer: Writer, release: () => void): Log {
  const listeners = new Set<(events: readonly Event[]) => void>();
  let head = toHead(writer.head);

  async function append(
    batch: readonly NewEvent[],
    expectedHead: Position,
    now: number,
  ): Promise<AppendOutcome> {
    const answer = await writer.call({ kind: 'append', batch, expectedHead, now });
    switch (answer.kind) {
      case 'appended': {
        const first = head.position + 1;
        head = toHead(answer.head);
        const events = batch.map((event, index) =>
          place(event, first + index, answer.recordedAt, answer.hashes[index]!),
        );
        for (const listener of listeners) listener(events);
        return { kind: 'appended', events, head };
      }
      case 'conflict':
        return { kind: 'conflict', head: toHead(answer.head) };
      case 'repeated':
        return answer;
      case 'done':
        throw new TypeError('the writer answered an append as if it were none');
      case 'unwritable':
        throw new LogUnwritable(answer.message, answer.code, answer.hint);
      default:
        return answer satisfies never;
    }
  }

  return {
    head: () => head,
    append,
    async keepSnapshot(snapshot) {
      const answer = await writer.call({ kind: 'snapshot', snapshot });
      if (answer.kind === 'unwritable') throw new LogUnwritable(answer.message, answer.code, answer.hint);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      await writer.close();
      release();
    },
  };
}

const toHead = (head: WriterHead): LogHead => ({ ...head, position: head.position as Position });

const place = (event: NewEvent, position: number, recordedAt: number, hash: string): Event => ({
  ...event,
  position: position as Position,
  recordedAt,
  schemaVersion: currentVersion(event.type),
  hash,
});

interface Writer {
  readonly head: WriterHead;
  call(message: Call): Promise<Answer>;
  close(): Promise<void>;
}

const gone = (): LogUnwritable =>
  new LogUnwritable(
    'the thread that writes the log has ended',
    'io',
    'restart Portolan; its own log says why',
  );

async function startWriter(dataDir: string, logger: Logger): Promise<Writer> {
  const worker = new Worker(new URL('./writer.ts', import.meta.url), {
    workerData: { dataDir },
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  });
  const waiting = new Map<number, PromiseWithResolvers<Answer>>();
  const opened = Promise.withResolvers<WriterHead>();
  let calls = 0;
  let ended = false;

  worker.on('message', (message: FromWriter) => {
    switch (message.kind) {
      case 'open':
        opened.resolve(message.head);
        return;
      case 'unusable':
        opened.reject(new LogUnusable(message.message, message.code, message.hint));
        return;
      case 'answer':
        waiting.get(message.call)?.resolve(message.answer);
        waiting.delete(message.call);
        return;
      default:
        message satisfies never;
    }
  });
  worker.on('error', (error) => {
    logger.error({ err: error }, 'the thread that writes the log has failed');
    opened.reject(error);
  });
  worker.on('exit', () => {
    ended = true;
    opened.reject(gone());
    for (const call of waiting.values()) call.reject(gone());
    waiting.clear();
  });

  function call(message: Call): Promise<Answer> {
    if (ended) return Promise.reject(gone());
    calls += 1;
    const answer = Promise.withResolvers<Answer>();
    waiting.set(calls, answer);
    worker.postMessage({ ...message, call: calls });
    return answer.promise;
  }

  return {
    head: await opened.promise,
    call,
    async close() {
      const exit = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      if (ended) return;
      await call({ kind: 'close' });
      await exit;
    },
  };
}
