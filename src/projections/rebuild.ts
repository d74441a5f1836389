/** Folds the whole log into a fresh file, by the very code that runs live; stops at the first event that cannot be read. */
import type { DatabaseFile } from '../db/open.ts';
import type { LogReader } from '../log/port.ts';
import { createBulk, RebuildStopped } from './bulk.ts';
import { openProjections, removeProjections } from './file.ts';
import type { Projection } from './projection.ts';
import { allProjections } from './registry.ts';

/** Events in one transaction. */
const batch = 20_000;

export interface RebuildOptions {
  readonly log: LogReader;
  /** Of the file to make; one that is there is replaced. */
  readonly path: string;
  /** Inclusive; up to the log's head if not given. */
  readonly until?: number;
  /** Asked after each batch; true ends it. */
  readonly cancelled?: () => boolean;
  readonly onProgress?: (position: number) => void;
  readonly batch?: number;
  readonly projections?: readonly Projection[];
}

/**
 * Runs on the calling thread until it has reached the log's head.
 * @returns the position that it reached
 * @throws {RebuildStopped}
 */
export function rebuild(options: RebuildOptions): number {
  const { log, path, projections = allProjections } = options;
  removeProjections(path);
  const db = openProjections(path, () => undefined);
  let whole = false;
  hasten(db);
  try {
    const restoreIndexes = dropIndexes(db);
    const bounded = options.until === undefined ? log : upTo(log, options.until);
    const take = createBulk(db, bounded, projections);
    const size = options.batch ?? batch;
    let position = 0;
    for (;;) {
      const last = take(position, size);
      const more = last - position === size;
      position = last;
      options.onProgress?.(position);
      if (!more) break;
      if (options.cancelled?.() === true)
        throw new RebuildStopped(`cancelled at position ${position}`, 'cancelled', '');
    }
    restoreIndexes();
    // As whoever opens it expects it.
    db.pragma('journal_mode = WAL');
    whole = true;
    return position;
  } finally {
    db.close();
    if (!whole) removeProjections(path);
  }
}

/** Nobody reads it before it is whole, and a part of one is thrown away: what would save a part is left out. */
function hasten(db: DatabaseFile): void {
  db.pragma('journal_mode = MEMORY');
  db.pragma('synchronous = OFF');
  db.pragma('cache_size = -65536');
}

/** What the folds themselves look up. All other indexes cost less when they are made of the whole. */
const needed: ReadonlySet<string> = new Set([
  'audit_command',
  'audit_consequences_cause',
  'subjects_name_unique',
]);

/** @returns makes them again */
function dropIndexes(db: DatabaseFile): () => void {
  const indexes = db.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL");
  const dropped = (indexes.all() as { name: string; sql: string }[]).filter(({ name }) => !needed.has(name));
  for (const { name } of dropped) db.exec(`DROP INDEX "${name}"`);
  return () => db.transaction(() => dropped.forEach(({ sql }) => void db.exec(sql)))();
}

/** A log that ends at a position. */
const upTo = (log: LogReader, until: number): LogReader => ({
  ...log,
  read: (after, limit, onUnreadable) =>
    after >= until ? [] : log.read(after, Math.min(limit, until - after), onUnreadable),
});
