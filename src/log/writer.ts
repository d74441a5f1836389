/** The thread that writes the log: one connection, one batch after the other, each durable before it is answered. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { DatabaseFile } from '../db/open.ts';
import { type Appended, createAppender, type Head } from './append.ts';
import { isFault, toUnusable, toUnwritable } from './faults.ts';
import { createHeadNote } from './head-file.ts';
import { createInPlaceCheck } from './in-place.ts';
import type { Answer, Call, Opening, WriterData, WriterHead } from './messages.ts';
import { openLogFile } from './open-file.ts';
import { logPath } from './path.ts';
import { keepSnapshot } from './snapshot.ts';

const { dataDir, bell } = workerData as WriterData;
const port = parentPort!;

function run(): void {
  let db: DatabaseFile;
  try {
    db = openLogFile(dataDir);
  } catch (error) {
    const { message, code, hint } = toUnusable(error, logPath(dataDir));
    port.postMessage({ kind: 'unusable', message, code, hint } satisfies Opening);
    return;
  }
  const appender = createAppender(db);
  const checkInPlace = createInPlaceCheck(logPath(dataDir));
  const note = createHeadNote(dataDir);
  port.postMessage({ kind: 'open', head: toWire(appender.head()) } satisfies Opening);
  for (;;) {
    const call = nextCall(() => note.take(appender.head()));
    port.postMessage(answer(call));
    if (call.kind === 'close') return;
    note.take(appender.head());
  }

  function answer(call: Call): Answer {
    try {
      switch (call.kind) {
        case 'append':
          checkInPlace();
          return toAnswer(appender.append(call.batch, call.expectedHead, call.now));
        case 'snapshot':
          keepSnapshot(db, call.snapshot);
          return { kind: 'done' };
        case 'close':
          note.last(appender.head());
          db.close();
          return { kind: 'done' };
        default:
          return call satisfies never;
      }
    } catch (error) {
      if (!isFault(error)) return { kind: 'failed', error };
      const { message: text, code, hint } = toUnwritable(error, logPath(dataDir));
      return { kind: 'unwritable', message: text, code, hint };
    }
  }
}

/**
 * Sleeps until there is one. Not by an event of the port: an event loop wakes later than a thread that waits.
 * @param idle called after a second without any
 */
function nextCall(idle: () => void): Call {
  for (;;) {
    const rung = Atomics.load(bell, 0);
    const received = receiveMessageOnPort(port) as { message: Call } | undefined;
    if (received !== undefined) return received.message;
    if (Atomics.wait(bell, 0, rung, 1_000) === 'timed-out') idle();
  }
}

function toAnswer(appended: Appended): Answer {
  switch (appended.kind) {
    case 'appended':
      return {
        kind: 'appended',
        head: toWire(appended.head),
        hashes: appended.hashes.map((hash) => hash.toString('hex')).join(''),
      };
    case 'conflict':
      return { kind: 'conflict', head: toWire(appended.head) };
    case 'repeated':
      return appended;
    default:
      return appended satisfies never;
  }
}

const toWire = (head: Head): WriterHead => ({ ...head, hash: head.hash.toString('hex') });

run();
