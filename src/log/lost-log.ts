/** A log that was there and is not any more: it must not pass for one that has not begun. Reads only. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type NotedHead, readNotedHead } from './head-file.ts';
import { logPath, sizeOf } from './path.ts';
import { LogUnusable } from './port.ts';

/**
 * SQLite opens a file of 0 bytes as a fresh database, and makes one that is missing.
 * @throws {LogUnusable} the file is empty or missing, and there was a log
 */
export function refuseLost(dataDir: string): void {
  const path = logPath(dataDir);
  if (sizeOf(path) > 0) return;
  const state = existsSync(path) ? 'is empty' : 'is missing';
  const noted = readNotedHead(dataDir);
  if (noted !== null) refuseEmptied(path, state, noted);
  // A first start that was cut off leaves nothing of these behind.
  const traces = ['portolan.db-wal', 'projections.db', 'heartbeat'].filter(
    (file) => sizeOf(join(dataDir, file)) > 0,
  );
  if (traces.length === 0) return;
  throw new LogUnusable(
    `${path} ${state}, but there was a log, of which are left: ${traces.join(', ')}`,
    'empty-file',
    `restore a backup; to begin a new history, remove ${['portolan.db', ...traces].join(', ')}`,
  );
}

/** @throws {LogUnusable} */
export function refuseEmptied(path: string, state: string, noted: NotedHead): never {
  throw new LogUnusable(
    `${path} ${state}, but there was a log of ${noted.position} events`,
    'empty-file',
    'restore a backup; to begin a new history, remove portolan.db, portolan.head, projections.db and heartbeat',
  );
}
