/** Holds live projections against a fresh fold of the same events, row by row. */
import { rmSync } from 'node:fs';
import { type DatabaseFile, openDatabase } from '../db/open.ts';
import type { LogReader } from '../log/port.ts';
import { faultOf } from './faults.ts';
import { removeProjections } from './file.ts';
import { rebuild } from './rebuild.ts';
import { allProjections } from './registry.ts';

/** A row that is not the same in both; null where there is none. */
export interface RowDifference {
  readonly projection: string;
  readonly table: string;
  /** `column=value` of the primary key. */
  readonly key: string;
  readonly live: Readonly<Record<string, unknown>> | null;
  readonly rebuilt: Readonly<Record<string, unknown>> | null;
}

export interface Comparison {
  readonly differences: readonly RowDifference[];
  /** There are more than are listed. */
  readonly truncated: boolean;
  /** Rows that were held against each other. */
  readonly compared: number;
  /** Up to which event both were folded. */
  readonly position: number;
}

export interface CompareOptions {
  readonly log: LogReader;
  /** Of the live file. */
  readonly live: string;
  /** Of a file that is made and removed again. */
  readonly scratch: string;
  readonly onProgress?: (position: number, head: number) => void;
}

/** Differences that are listed. */
const most = 1_000;

/**
 * The live file is copied at once, so that it may go on meanwhile.
 * @throws {Error} projections of the live file stand at different positions: one of them has stopped
 * @throws {RebuildStopped}
 */
export function compareProjections({ log, live, scratch, onProgress }: CompareOptions): Comparison {
  const copy = `${scratch}.live`;
  try {
    copyOf(live, copy);
    const position = positionOf(copy);
    rebuild({ log, path: scratch, until: position, onProgress: (at) => onProgress?.(at, position) });
    return { ...compareFiles(copy, scratch), position };
  } finally {
    removeProjections(scratch);
    rmSync(copy, { force: true });
  }
}

function copyOf(from: string, to: string): void {
  rmSync(to, { force: true });
  const db = openDatabase(from, { readonly: true, synchronous: 'NORMAL' });
  try {
    db.prepare('VACUUM INTO ?').run(to);
  } catch (error) {
    throw faultOf(error) ?? error;
  } finally {
    db.close();
  }
}

function positionOf(path: string): number {
  const db = openDatabase(path, { readonly: true, synchronous: 'NORMAL' });
  try {
    const rows = db.prepare('SELECT name, position FROM checkpoints').all() as {
      name: string;
      position: number;
    }[];
    const positions = [...new Set(rows.map((row) => row.position))];
    if (positions.length === 1) return positions[0]!;
    const told = rows.map(({ name, position }) => `${name} ${position}`).join(', ');
    throw new Error(`the projections are not at one position (${told}); GET /system says why`);
  } finally {
    db.close();
  }
}

function compareFiles(live: string, rebuilt: string): Omit<Comparison, 'position'> {
  const db = openDatabase(live, { readonly: true, synchronous: 'NORMAL' });
  try {
    db.prepare('ATTACH ? AS rebuilt').run(rebuilt);
    const differences: RowDifference[] = [];
    let compared = 0;
    for (const { name, tables } of allProjections) {
      for (const table of tables) {
        compared += db.prepare(`SELECT count(*) FROM main.${table}`).pluck().get() as number;
        differences.push(...differencesIn(db, name, table, most + 1 - differences.length));
      }
    }
    return { differences: differences.slice(0, most), truncated: differences.length > most, compared };
  } finally {
    db.close();
  }
}

type Row = Readonly<Record<string, unknown>>;

function differencesIn(db: DatabaseFile, projection: string, table: string, limit: number): RowDifference[] {
  if (limit <= 0) return [];
  const only = (one: string, other: string): Row[] =>
    db
      .prepare(`SELECT * FROM ${one}.${table} EXCEPT SELECT * FROM ${other}.${table} LIMIT ?`)
      .all(limit) as Row[];
  const columns = db.pragma(`table_info(${table})`) as { name: string; pk: number }[];
  const primary = columns.filter(({ pk }) => pk > 0).map(({ name }) => name);
  const keyOf = (row: Row): string => primary.map((name) => `${name}=${String(row[name])}`).join(' ');
  const found = new Map<string, RowDifference>();
  for (const row of only('main', 'rebuilt'))
    found.set(keyOf(row), { projection, table, key: keyOf(row), live: row, rebuilt: null });
  for (const row of only('rebuilt', 'main')) {
    const key = keyOf(row);
    found.set(key, { projection, table, key, live: found.get(key)?.live ?? null, rebuilt: row });
  }
  return [...found.values()].slice(0, limit);
}
