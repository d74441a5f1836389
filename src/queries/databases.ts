/** The reader's connections to log and projections. The projections may be made again at any time: then in another file. */
import { type DatabaseFile, openDatabase } from '../db/open.ts';
import { logPath } from '../log/path.ts';
import { inodeOf, projectionsPath } from '../projections/file.ts';

/** KiB of the projections' pages; taken as they are read, so that a short log takes little. */
const cache = 65_536;

export interface Databases {
  readonly log: DatabaseFile;
  readonly projections: DatabaseFile;
  /** Whether the file under the projections' name is still the one that is open. */
  current(): boolean;
  close(): void;
}

/** @throws {SqliteError} the projections are not made yet */
export function openDatabases(dataDir: string): Databases {
  const path = projectionsPath(dataDir);
  const inode = inodeOf(path);
  const projections = openDatabase(path, { readonly: true, synchronous: 'NORMAL', cache });
  try {
    const log = openDatabase(logPath(dataDir), { readonly: true, synchronous: 'FULL' });
    return {
      log,
      projections,
      current: () => inodeOf(path) === inode,
      close() {
        log.close();
        projections.close();
      },
    };
  } catch (error) {
    projections.close();
    throw error;
  }
}
