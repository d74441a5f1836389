/** The log on the main thread's side: hands batches to the writer thread and gives events their places. */
import type { Logger } from 'pino';
import type { Event, NewEvent } from '../events/event.ts';
import type { Position } from '../events/ids.ts';
import { currentVersion } from '../events/upcast.ts';
import { encodeEvent } from './encode.ts';
import { asUnwritable } from './faults.ts';
import { lockFolder } from './lock.ts';
import type { Answer, Call, WriterHead } from './messages.ts';
import { type AppendOutcome, type Log, type LogHead, LogUnusable, LogUnwritable } from './port.ts';
import { removeUnfinishedImport } from './unfinished-import.ts';
import { startWriter, type WriterThread } from './writer-thread.ts';

/**
 * Takes the folder's lock, opens the log in a thread of its own and checks it.
 * @throws {LogUnusable} in use, empty, truncated, foreign, damaged or from a newer version; nothing is changed then
 */
export async function openLog(options: { readonly dataDir: string; readonly logger: Logger }): Promise<Log> {
  const { dataDir, logger } = options;
  const lock = lockFolder(dataDir);
  const start = (): Promise<WriterThread> =>
    startWriter(dataDir, (error) =>
      logger.error({ err: error }, 'the thread that writes the log has failed'),
    );
  try {
    const first = await start();
    removeUnfinishedImport(dataDir);
    return createLog(first, start, lock.release, (error) =>
      logger.error({ err: error }, 'what follows the log has failed'),
    );
  } catch (error) {
    lock.release();
    throw error;
  }
}

function createLog(
  first: WriterThread,
  start: () => Promise<WriterThread>,
  release: () => void,
  onDefect: (error: unknown) => void,
): Log {
  const listeners = new Set<(events: readonly Event[]) => void>();
  const writer = createRestarting(first, start);
  let head = toHead(first.head);

  async function append(
    batch: readonly NewEvent[],
    expectedHead: Position,
    now: number,
  ): Promise<AppendOutcome> {
    const answer = await writer.call({ kind: 'append', batch: batch.map(encodeEvent), expectedHead, now });
    switch (answer.kind) {
      case 'appended': {
        head = toHead(answer.head);
        const events = placeAll(batch, answer.head, answer.hashes);
        tell(events);
        return { kind: 'appended', events, head };
      }
      case 'conflict':
        head = toHead(answer.head);
        return { kind: 'conflict', head };
      case 'repeated':
        return answer;
      case 'unwritable':
        throw new LogUnwritable(answer.message, answer.code, answer.hint);
      case 'failed':
        throw answer.error;
      case 'done':
        throw new TypeError('the writer answered an append as if it were none');
      default:
        return answer satisfies never;
    }
  }

  /** They are on disk, whatever becomes of one who listens. */
  function tell(events: readonly Event[]): void {
    for (const listener of listeners) {
      try {
        listener(events);
      } catch (error) {
        onDefect(error);
      }
    }
  }

  return {
    head: () => head,
    append,
    async keepSnapshot(snapshot) {
      const answer = await writer.call({ kind: 'snapshot', snapshot });
      if (answer.kind === 'failed') throw answer.error;
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

/** A thread that has died is started again by the next call. */
function createRestarting(first: WriterThread, start: () => Promise<WriterThread>) {
  let thread = first;
  let restarting: Promise<void> | null = null;
  let closed = false;

  async function restart(): Promise<void> {
    try {
      thread = await start();
    } catch (error) {
      if (!(error instanceof LogUnusable)) throw error;
      throw asUnwritable(error);
    }
  }

  return {
    async call(call: Call): Promise<Answer> {
      if (closed) throw new LogUnwritable('the log is closed', 'io', 'start Portolan again');
      if (thread.ended()) {
        restarting ??= restart().finally(() => {
          restarting = null;
        });
        await restarting;
      }
      return thread.call(call);
    },
    async close(): Promise<void> {
      closed = true;
      if (restarting !== null) await Promise.allSettled([restarting]);
      await thread.close();
    },
  };
}

const hashLength = 64;

function placeAll(batch: readonly NewEvent[], head: WriterHead, hashes: string): Event[] {
  const before = head.position - batch.length;
  return batch.map((event, index) => ({
    ...event,
    position: (before + index + 1) as Position,
    recordedAt: head.recordedAt,
    schemaVersion: currentVersion(event.type),
    hash: hashes.slice(index * hashLength, (index + 1) * hashLength),
  }));
}

const toHead = (head: WriterHead): LogHead => ({ ...head, position: head.position as Position });
