/** Opens the log's file for writing, and refuses one that is not what it was: an empty file is no empty history. */
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate, refuseNewer } from '../db/migrate.ts';
import { type DatabaseFile, openDatabase } from '../db/open.ts';
import { readHead } from './append.ts';
import { toUnusable } from './faults.ts';
import { headPath, type NotedHead, readNotedHead } from './head-file.ts';
import { refuseEmptied, refuseLost } from './lost-log.ts';
import { logPath, sizeOf } from './path.ts';
import { LogUnusable } from './port.ts';
import { verifyTail } from './verify.ts';

const migrations = fileURLToPath(new URL('../../migrations/log', import.meta.url));

/** Events at the end whose chain is checked at each open; `verify` checks all. */
const tail = 200;

/** WAL pages between two checkpoints (16 MB): pages that many commits touch are copied once. */
const checkpointPages = 4_000;

/** @throws {LogUnusable} nothing is changed then */
export function openLogFile(dataDir: string): DatabaseFile {
  const path = logPath(dataDir);
  try {
    refuseLost(dataDir);
    if (sizeOf(path) > 0) inspect(path, readNotedHead(dataDir));
    return openForWriting(path);
  } catch (error) {
    throw toUnusable(error, path);
  }
}

function openForWriting(path: string): DatabaseFile {
  const db = openDatabase(path, { synchronous: 'FULL' });
  try {
    db.pragma(`wal_autocheckpoint = ${checkpointPages}`);
    db.pragma('cache_size = -8192');
    migrate(db, migrations);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Reads only: a refused file stays as it is, with its WAL. Not all of it is read, as that would take as long as the log
 * is: the schema, the noted head and the last events. Damage elsewhere is found by whoever reads it, and by `verify`.
 */
function inspect(path: string, noted: NotedHead | null): void {
  const db = openDatabase(path, { readonly: true, synchronous: 'FULL' });
  try {
    const tables = db
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
      .pluck()
      .all() as string[];
    refuseNewer(db, migrations);
    if (tables.includes('events')) {
      refuseShortened(db, path, noted);
      refuseBroken(db, path);
    } else if (tables.length > 0) {
      const hint = 'choose another data folder';
      throw new LogUnusable(`${path} is a database of another program`, 'foreign', hint);
    } else if (noted !== null) refuseEmptied(path, 'holds no events', noted);
  } finally {
    db.close();
  }
}

/** The noted head must still be in the log: a copy without its WAL, a truncation or an older copy lacks it. */
function refuseShortened(db: DatabaseFile, path: string, noted: NotedHead | null): void {
  if (noted === null) return;
  const hash = db.prepare('SELECT hash FROM events WHERE position = ?').pluck().get(noted.position) as
    | Buffer
    | undefined;
  if (hash?.toString('hex') === noted.hash) return;
  const what =
    hash === undefined
      ? `ends at position ${readHead(db).position}, but ${noted.position} was noted: its end is lost`
      : `is not the log that was here: another event stands at position ${noted.position}`;
  const head = basename(headPath(''));
  throw new LogUnusable(
    `${path} ${what}`,
    'truncated',
    `put back portolan.db with its -wal file, or a backup; to go on with what is left, remove ${head}`,
  );
}

function refuseBroken(db: DatabaseFile, path: string): void {
  const broken = verifyTail(db, tail);
  if (broken === null) return;
  throw new LogUnusable(
    `${path} is damaged at position ${broken.position} (${broken.reason})`,
    'damaged',
    'restore a backup, or choose another data folder',
  );
}
