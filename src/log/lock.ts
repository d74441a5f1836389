/** One writer for each data folder: a lock that dies with its process, on a file of its own. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DatabaseFile, openDatabase } from '../db/open.ts';
import { toUnusable } from './faults.ts';
import { LogUnusable } from './port.ts';

export interface Lock {
  release(): void;
}

/**
 * SQLite's exclusive lock is one of the operating system's, so that it holds until the process ends, however it ends.
 * Nothing else in this process may open `lock.db`: POSIX drops the lock when any handle of the file is closed.
 * @throws {LogUnusable} `in-use` if another process has it; nothing is changed then
 */
export function lockFolder(dataDir: string): Lock {
  const path = join(dataDir, 'lock.db');
  const pidFile = join(dataDir, 'portolan.pid');
  let db: DatabaseFile | undefined;
  try {
    // Not in WAL mode, in which readers and a writer would not exclude each other.
    db = openDatabase(path, { synchronous: 'NORMAL', journal: 'DELETE', timeout: 0 });
    db.exec('BEGIN EXCLUSIVE');
    writeFileSync(pidFile, `${process.pid}\n`);
  } catch (error) {
    db?.close();
    throw /^SQLITE_(BUSY|LOCKED)/.test(String((error as { code?: string }).code))
      ? inUse(pidFile)
      : toUnusable(error, path);
  }
  const held = db;
  return { release: () => held.close() };
}

function inUse(pidFile: string): LogUnusable {
  const holder = readPid(pidFile);
  return new LogUnusable(
    `another Portolan${holder === null ? '' : ` (process ${holder})`} uses this data folder`,
    'in-use',
    'stop it, or choose another folder with --data-dir',
  );
}

function readPid(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    // Only for the message; the lock itself has told.
    return null;
  }
}
