/** Opens the log's file for writing, and refuses one that is not what it was: an empty file is no empty history. */
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { migrate } from '../db/migrate.ts';
import { type DatabaseFile, openDatabase } from '../db/open.ts';
import { readHead } from './append.ts';
import { toUnusable } from './faults.ts';
import { type NotedHead, readNotedHead } from './head-file.ts';
import { LogUnusable } from './port.ts';
import { logPath } from './read.ts';
import { verifyTail } from './verify.ts';

const migrations = fileURLToPath(new URL('../../migrations/log', import.meta.url));

/** Events at the end whose chain is checked at each open; `verify` checks all. */
const tail = 200;

/** @throws {LogUnusable} */
export function openLogFile(dataDir: string): DatabaseFile {
  const path = logPath(dataDir);
  const noted = readNotedHead(dataDir);
  refuseEmpty(path, noted);
  let db: DatabaseFile | undefined;
  try {
    db = openDatabase(path, { synchronous: 'FULL' });
    refuseForeign(db, path);
    migrate(db, migrations);
    refuseShortened(db, path, noted);
    const broken = verifyTail(db, tail);
    if (broken !== null) {
      throw new LogUnusable(
        `${path} is damaged at position ${broken.position} (${broken.reason})`,
        'damaged',
        'restore a backup, or choose another data folder',
      );
    }
    return db;
  } catch (error) {
    db?.close();
    throw toUnusable(error, path);
  }
}

/** SQLite opens a file of 0 bytes as a fresh database. */
function refuseEmpty(path: string, noted: NotedHead | null): void {
  if (existsSync(path) && statSync(path).size > 0) return;
  if (noted === null && !existsSync(path)) return;
  const what = existsSync(path) ? 'is empty' : 'is missing';
  const history = noted === null ? '' : `, but there was a log of ${noted.position} events`;
  throw new LogUnusable(
    `${path} ${what}${history}`,
    'empty-file',
    `restore a backup; to begin a new history, remove ${path.replace(/\.db$/, '.head')} and the empty file`,
  );
}

function refuseForeign(db: DatabaseFile, path: string): void {
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all() as string[];
  if (tables.length === 0 || tables.includes('events')) return;
  throw new LogUnusable(`${path} is a database of another program`, 'foreign', 'choose another data folder');
}

/** The noted head must still be in the log: a copy without its WAL, a truncation or an older copy lacks it. */
function refuseShortened(db: DatabaseFile, path: string, noted: NotedHead | null): void {
  if (noted === null) return;
  const hash = db.prepare('SELECT hash FROM events WHERE position = ?').pluck().get(noted.position) as
    | Buffer
    | undefined;
  if (hash?.toString('hex') === noted.hash) return;
  const { position } = readHead(db);
  const what =
    hash === undefined
      ? `ends at position ${position}, but ${noted.position} was noted: its end is lost`
      : `is not the log that was here: another event stands at position ${noted.position}`;
  throw new LogUnusable(
    `${path} ${what}`,
    'truncated',
    `put back portolan.db with its -wal file, or a backup; to go on with what is left, remove ${path.replace(/\.db$/, '.head')}`,
  );
}
