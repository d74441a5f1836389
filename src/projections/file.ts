/** Opens `projections.db`; one that is damaged or of another shape is thrown away and begun again. */
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate, NewerSchema } from '../db/migrate.ts';
import { type DatabaseFile, openDatabase } from '../db/open.ts';
import { faultOf, ProjectionsFault } from './faults.ts';

const migrations = fileURLToPath(new URL('../../migrations/projections', import.meta.url));

export const projectionsPath = (dataDir: string): string => join(dataDir, 'projections.db');
/** What the second thread of a rebuild makes beside the first one's file. */
export const secondPath = (path: string): string => `${path}-second`;

/** Tells one file from another of the same name; null if there is none. */
export const inodeOf = (path: string): bigint | null =>
  statSync(path, { bigint: true, throwIfNoEntry: false })?.ino ?? null;

/**
 * @param onReplaced called with the reason when the file was thrown away
 * @throws {ProjectionsFault} the folder cannot be written
 */
export function openProjections(path: string, onReplaced: (reason: string) => void): DatabaseFile {
  try {
    return open(path);
  } catch (error) {
    const reason = whyDisposed(error);
    removeProjections(path);
    onReplaced(reason);
    return open(path);
  }
}

export function removeProjections(path: string): void {
  for (const file of [path, secondPath(path)]) {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  }
}

/** A file that another version or program wrote is no better than a damaged one; a full disk is not its fault. */
function whyDisposed(error: unknown): string {
  if (error instanceof NewerSchema) return error.message;
  const fault = faultOf(error);
  if (fault?.code === 'unwritable') throw fault;
  return fault?.message ?? `projections.db has another shape: ${(error as Error).message}`;
}

function open(path: string): DatabaseFile {
  const db = openDatabase(path, { synchronous: 'NORMAL' });
  try {
    migrate(db, migrations);
    const found = db.pragma('quick_check(1)', { simple: true });
    if (found !== 'ok') throw new ProjectionsFault(`projections.db is damaged: ${found}`, 'damaged');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
