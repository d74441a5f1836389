/** Names and specs that events refer to: each stored once, with a bounded memory before the tables. */
import type { DatabaseFile } from '../db/open.ts';

export interface Names {
  /** Number of a stream's name; stored if it is new. */
  streamOf(name: string): number;
  engineOf(name: string): number;
  storeSpec(digest: Buffer, bytes: string): void;
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
      const key = digest.latin1Slice();
      if (specs.has(key)) return;
      insertSpec.run(digest, bytes);
      if (specs.size >= remembered) specs.clear();
      specs.add(key);
    },
    forget() {
      streams.forget();
      engines.forget();
      specs.clear();
    },
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
