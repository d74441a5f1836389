/** What an import makes before it has the log's name. One that was killed leaves it, as large as the log would have been. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';

export const importPath = (dataDir: string): string => join(dataDir, 'import.db');

/** For whoever holds the folder's lock. */
export function removeUnfinishedImport(dataDir: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal'])
    rmSync(`${importPath(dataDir)}${suffix}`, { force: true });
}
