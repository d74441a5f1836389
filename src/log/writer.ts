/** The thread that writes the log: one connection, one batch after the other, each durable before it is answered. */
import { parentPort, workerData } from 'node:worker_threads';
import type { DatabaseFile } from '../db/open.ts';
import { type Appender, createAppender, type Head } from './append.ts';
import { toUnusable, toUnwritable } from './faults.ts';
import { noteHead } from './head-file.ts';
import type { Answer, FromWriter, ToWriter, WriterHead } from './messages.ts';
import { openLogFile } from './open-file.ts';
import type { Snapshot } from './port.ts';
import { logPath } from './read.ts';

const { dataDir } = workerData as { dataDir: string };
const port = parentPort!;
const tell = (message: FromWriter): void => port.postMessage(message);

/** Milliseconds between two notes of the head. */
const noteInterval = 1_000;

function run(): void {
  let db: DatabaseFile;
  try {
    db = openLogFile(dataDir);
  } catch (error) {
    const { message, code, hint } = toUnusable(error, logPath(dataDir));
    tell({ kind: 'unusable', message, code, hint });
    return;
  }
  const appender = createAppender(db);
  const notes = createNotes(appender);
  const timer = setInterval(notes.take, noteInterval);
  tell({ kind: 'open', head: wire(appender.head()) });
  port.on('message', (message: ToWriter) => {
    tell({ kind: 'answer', call: message.call, answer: answer(message) });
    if (message.kind === 'close') port.close();
  });

  function answer(message: ToWriter): Answer {
    try {
      switch (message.kind) {
        case 'append':
          return toAnswer(appender.append(message.batch, message.expectedHead, message.now));
        case 'snapshot':
          keepSnapshot(db, message.snapshot);
          return { kind: 'done' };
        case 'close':
          clearInterval(timer);
          notes.take();
          db.close();
          return { kind: 'done' };
        default:
          return message satisfies never;
      }
    } catch (error) {
      const { message: text, code, hint } = toUnwritable(error);
      return { kind: 'unwritable', message: text, code, hint };
    }
  }
}

function toAnswer(appended: ReturnType<Appender['append']>): Answer {
  switch (appended.kind) {
    case 'appended':
      return {
        ...appended,
        head: wire(appended.head),
        hashes: appended.hashes.map((hash) => hash.toString('hex')),
      };
    case 'conflict':
      return { kind: 'conflict', head: wire(appended.head) };
    case 'repeated':
      return appended;
    default:
      return appended satisfies never;
  }
}

const wire = (head: Head): WriterHead => ({ ...head, hash: head.hash.toString('hex') });

/** Keeps the newest three. */
function keepSnapshot(db: DatabaseFile, snapshot: Snapshot): void {
  const { position, foldVersion, chainHash, digest, bytes } = snapshot;
  db.transaction(() => {
    db.prepare(
      'INSERT OR REPLACE INTO snapshots (position, fold_version, chain_hash, digest, bytes) VALUES (?, ?, ?, ?, ?)',
    ).run(position, foldVersion, chainHash, digest, bytes);
    db.prepare(
      'DELETE FROM snapshots WHERE position NOT IN (SELECT position FROM snapshots ORDER BY position DESC LIMIT 3)',
    ).run();
  }).immediate();
}

/** Notes the head outside the log when it has moved; where that fails, appends fail too, and say so. */
function createNotes(appender: Appender) {
  let noted = 0;
  return {
    take(): void {
      const { position, hash } = appender.head();
      if (position === noted || position === 0) return;
      try {
        noteHead(dataDir, { position, hash: hash.toString('hex') });
        noted = position;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      }
    },
  };
}

run();
