/** Opens a SQLite file with the settings that Portolan relies on, and checks that they hold. */
import { createRequire } from 'node:module';
import type { Database as DatabaseFile } from 'better-sqlite3';

// As CommonJS it is found in the compile cache; its ESM wrapper is not.
const Database = createRequire(import.meta.url)('better-sqlite3') as typeof import('better-sqlite3');

export type { Database as DatabaseFile } from 'better-sqlite3';

export interface OpenOptions {
  readonly readonly?: boolean;
  /** `FULL` for what must survive a power cut, `NORMAL` for what can be made again. */
  readonly synchronous: 'FULL' | 'NORMAL';
  readonly journal?: 'WAL' | 'DELETE';
  /** KiB of pages to keep at most; 4096 if not given. */
  readonly cache?: number;
  /** Milliseconds to wait for another one's lock; 1 s if not given. */
  readonly timeout?: number;
}

const levels = { NORMAL: 1, FULL: 2 };

/**
 * WAL, and `synchronous` as asked: better-sqlite3 is compiled so that a later open of a WAL file falls back to NORMAL.
 * @throws {SqliteError} as SQLite does
 */
export function openDatabase(path: string, options: OpenOptions): DatabaseFile {
  const db = new Database(path, { readonly: options.readonly === true, timeout: options.timeout ?? 1_000 });
  try {
    if (options.readonly !== true) db.pragma(`journal_mode = ${options.journal ?? 'WAL'}`);
    db.pragma(`synchronous = ${options.synchronous}`);
    db.pragma(`cache_size = -${options.cache ?? 4_096}`);
    const level = db.pragma('synchronous', { simple: true });
    if (level !== levels[options.synchronous])
      throw new Error(`synchronous is ${level}, not ${options.synchronous}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
