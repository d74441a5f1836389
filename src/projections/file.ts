/** Opens `projections.db`; one that is damaged or of another shape is thrown away and begun again. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate } from '../db/migrate.ts';
import { type DatabaseFile, openDatabase } from '../db/open.ts';

const migrations = fileURLToPath(new URL('../../migrations/projections', import.meta.url));

export const projectionsPath = (dataDir: string): string => join(dataDir, 'projections.db');

/** @throws {SqliteError} if the folder cannot be written */
export function openProjections(dataDir: string): DatabaseFile {
  try {
    return open(dataDir);
  } catch {
    // Disposable: what cannot be opened is made again from the log. If the folder is at fault, that throws.
    for (const suffix of ['', '-wal', '-shm'])
      rmSync(`${projectionsPath(dataDir)}${suffix}`, { force: true });
    return open(dataDir);
  }
}

function open(dataDir: string): DatabaseFile {
  const db = openDatabase(projectionsPath(dataDir), { synchronous: 'NORMAL' });
  try {
    migrate(db, migrations);
    // Touches each table's root: a damaged file shows here, not in the midst of things.
    for (const table of ['routes', 'route_history', 'containers', 'audit']) {
      db.prepare(`SELECT count(*) FROM (SELECT 1 FROM ${table} LIMIT 1000)`).get();
    }
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
