/** A file of projections in the making: nobody reads it before it is whole, and a part of one is thrown away. */
import type { DatabaseFile } from '../db/open.ts';
import type { LogReader } from '../log/port.ts';
import { createBulk } from './bulk.ts';
import { openProjections, removeProjections } from './file.ts';
import type { Projection } from './projection.ts';

export interface FreshFileOptions {
  readonly log: LogReader;
  /** Of the file to make; one that is there is replaced. */
  readonly path: string;
  /** Inclusive; up to what is the log's head now if not given. */
  readonly until?: number | undefined;
  /** Events in one transaction. */
  readonly batch?: number | undefined;
  readonly projections: readonly Projection[];
}

export interface FreshFile {
  /** Takes in one batch. @returns whether there may be more. @throws {RebuildStopped} */
  step(): boolean;
  /** Of the last event that was taken in. */
  position(): number;
  /** Takes in the tables of projections that were folded into another file. */
  takeOver(path: string, projections: readonly Projection[]): void;
  /** It has all that it should: makes of it what whoever opens it expects. */
  finish(): void;
  /** Removed as well, unless it was finished. */
  close(): void;
}

const events = 20_000;

export function createFreshFile({ log, path, until, batch, projections }: FreshFileOptions): FreshFile {
  removeProjections(path);
  const db = openProjections(path, () => undefined);
  try {
    return fill(db, { log, path, until, batch, projections });
  } catch (error) {
    db.close();
    removeProjections(path);
    throw error;
  }
}

function fill(db: DatabaseFile, options: Required<FreshFileOptions>): FreshFile {
  const { log, path, batch = events, projections } = options;
  const until = Math.min(options.until ?? Number.POSITIVE_INFINITY, log.head().position);
  let whole = false;
  let position = 0;
  hasten(db);
  let missing = dropIndexes(db);
  const restoreIndexes = (): void => {
    db.transaction(() => missing.forEach((sql) => void db.exec(sql)))();
    missing = [];
  };
  const take = createBulk(db, log, projections);
  return {
    step() {
      if (position === until) return false;
      const next = Math.min(position + batch, until);
      take(position, next);
      position = next;
      return position < until;
    },
    position: () => position,
    takeOver(from, taken) {
      // Those of the tables that are taken over are copied, as these are still empty.
      restoreIndexes();
      db.prepare('ATTACH ? AS taken').run(from);
      db.transaction(() => taken.forEach((projection) => void copy(db, projection)))();
      db.exec('DETACH taken');
    },
    finish() {
      restoreIndexes();
      db.pragma('journal_mode = WAL');
      whole = true;
    },
    close() {
      db.close();
      if (!whole) removeProjections(path);
    },
  };
}

/** What would save a part of it, if the machine failed, is left out. */
function hasten(db: DatabaseFile): void {
  db.pragma('journal_mode = MEMORY');
  db.pragma('synchronous = OFF');
  db.pragma('cache_size = -65536');
}

/** What the folds themselves look up. All other indexes cost less when they are made of the whole. */
const needed: ReadonlySet<string> = new Set(['audit_command', 'subjects_name_unique']);

/** @returns what makes them again */
function dropIndexes(db: DatabaseFile): string[] {
  const indexes = db.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL");
  const dropped = (indexes.all() as { name: string; sql: string }[]).filter(({ name }) => !needed.has(name));
  for (const { name } of dropped) db.exec(`DROP INDEX "${name}"`);
  return dropped.map(({ sql }) => sql);
}

/** Into empty tables of the same shape, so that SQLite copies its records as they are. */
function copy(db: DatabaseFile, { name, tables }: Projection): void {
  for (const table of tables) db.exec(`INSERT INTO main.${table} SELECT * FROM taken.${table}`);
  db.prepare('INSERT INTO main.checkpoints SELECT * FROM taken.checkpoints WHERE name = ?').run(name);
}
