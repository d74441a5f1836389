/** Names and specs that events refer to: each stored once, with a bounded memory before the tables. */
import type { DatabaseFile } from '../db/open.ts';

export interface Names {
  /** Number of a stream's name; stored if it is new. */
  streamOf(name: string): number;
  engineOf(name: string): number;
  /** @param digest hex */
  storeSpec(digest: string, bytes: string): void;
  /** After a rollback: what was stored in it is gone. */
  forget(): void;
}

const remembered = 10_000;

export function createNames(db: DatabaseFile): Names {
  const streams = createTable(db, 'streams');
  const engines = createTable(db, 'engines');
  const insertSpec = db.prepare('INSERT INTO specs (digest, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING');
  const specs = new Set<string>();
  return {
    streamOf: streams.numberOf,
    engineOf: engines.numberOf,
    storeSpec(digest, bytes) {
      if (specs.has(digest)) return;
      insertSpec.run(Buffer.from(digest, 'hex'), bytes);
      if (specs.size >= remembered) specs.clear();
      specs.add(digest);
    },
    forget() {
      streams.forget();
      engines.forget();
      specs.clear();
    },
  };
}

/** Finds names by their numbers. @returns a function that gives null for a number without name */
export function createNameCache(
  db: DatabaseFile,
  table: 'streams' | 'engines',
): (number: number) => string | null {
  const find = db.prepare(`SELECT name FROM ${table} WHERE id = ?`).pluck();
  const known = new Map<number, string>();
  return (number) => {
    const found = known.get(number);
    if (found !== undefined) return found;
    const name = find.get(number);
    if (typeof name !== 'string') return null;
    if (known.size >= remembered) known.clear();
    known.set(number, name);
    return name;
  };
}

function createTable(db: DatabaseFile, table: 'streams' | 'engines') {
  const find = db.prepare(`SELECT id FROM ${table} WHERE name = ?`).pluck();
  const insert = db.prepare(`INSERT INTO ${table} (name) VALUES (?)`);
  const known = new Map<string, number>();
  return {
    numberOf(name: string): number {
      const found = known.get(name);
      if (found !== undefined) return found;
      const number = (find.get(name) as number | undefined) ?? Number(insert.run(name).lastInsertRowid);
      if (known.size >= remembered) known.clear();
      known.set(name, number);
      return number;
    },
    forget: () => known.clear(),
  };
}
