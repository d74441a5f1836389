/** One writer for each data folder: a lock that dies with its process, on a file of its own. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DatabaseFile, openDatabase } from '../db/open.ts';
import { LogUnusable } from './port.ts';

export interface Lock {
  release(): void;
}

/**
 * SQLite's exclusive lock is one of the operating system's, so that it holds until the process ends, however it ends.
 * @throws {LogUnusable} `in-use` if another process has it; nothing is changed then
 */
export function lockFolder(dataDir: string): Lock {
  const pidFile = join(dataDir, 'portolan.pid');
  const db = takeLock(join(dataDir, 'lock.db'), pidFile);
  writeFileSync(pidFile, `${process.pid}\n`);
  return {
    release() {
      db.close();
    },
  };
}

function takeLock(path: string, pidFile: string): DatabaseFile {
  let db: DatabaseFile | undefined;
  try {
    // Not in WAL mode, in which readers and a writer would not exclude each other.
    db = openDatabase(path, { synchronous: 'NORMAL', journal: 'DELETE', timeout: 0 });
    db.exec('BEGIN EXCLUSIVE');
    return db;
  } catch (error) {
    db?.close();
    if (!/^SQLITE_(BUSY|LOCKED)/.test(String((error as { code?: string }).code))) throw error;
    const holder = readPid(pidFile);
    throw new LogUnusable(
      `another Portolan${holder === null ? '' : ` (process ${holder})`} uses this data folder`,
      'in-use',
      'stop it, or choose another folder with --data-dir',
    );
  }
}

function readPid(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    // Only for the message; the lock itself has told.
    return null;
  }
}
