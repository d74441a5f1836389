/** Writes stories into real logs, folds them into real files, and shows what is in those. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { openDatabase } from '../../src/db/open.ts';
import type { Position } from '../../src/events/ids.ts';
import { openLog } from '../../src/log/log.ts';
import { logPath } from '../../src/log/path.ts';
import type { Log, LogReader } from '../../src/log/port.ts';
import { createLogReader } from '../../src/log/read.ts';
import { openProjections } from '../../src/projections/file.ts';
import type { Projection } from '../../src/projections/projection.ts';
import { createProjector, type Projector } from '../../src/projections/projector.ts';
import { allProjections } from '../../src/projections/registry.ts';
import type { Batch } from './events.ts';

export const silent = pino({ level: 'silent' });

/** A folder that is gone after the test. */
export function scratch(): { readonly dataDir: string; [Symbol.dispose](): void } {
  const dataDir = mkdtempSync(join(tmpdir(), 'portolan-projections-'));
  return { dataDir, [Symbol.dispose]: () => rmSync(dataDir, { recursive: true, force: true }) };
}

export async function append(log: Log, batches: readonly Batch[]): Promise<void> {
  for (const { events, now } of batches) {
    const outcome = await log.append(events, log.head().position, now);
    if (outcome.kind !== 'appended') throw new Error(`the append gave ${outcome.kind}`);
  }
}

export async function writeLog(dataDir: string, batches: readonly Batch[]): Promise<void> {
  const log = await openLog({ dataDir, logger: silent });
  try {
    await append(log, batches);
  } finally {
    await log.close();
  }
}

/** Runs with a projector on a file of its own. */
export function projecting<T>(
  dataDir: string,
  file: string,
  run: (projector: Projector, log: LogReader) => T,
  projections: readonly Projection[] = allProjections,
): T {
  const log = createLogReader(dataDir);
  const db = openProjections(join(dataDir, file), () => undefined);
  try {
    return run(
      createProjector(db, log, projections, () => undefined),
      log,
    );
  } finally {
    db.close();
    log.close();
  }
}

export function foldAll(projector: Projector, sizes: readonly number[] = [1_000]): void {
  for (let turn = 0; projector.step(sizes[turn % sizes.length]); turn += 1);
}

/** All rows of all tables, but drizzle's own. */
export function dump(path: string): Record<string, readonly unknown[]> {
  const db = openDatabase(path, { readonly: true, synchronous: 'NORMAL' });
  try {
    const tables = db
      .prepare(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%' ORDER BY name",
      )
      .pluck()
      .all() as string[];
    return Object.fromEntries(
      tables.map((table) => {
        const rows = db.prepare(`SELECT * FROM ${table}`).raw().all() as unknown[][];
        return [table, rows.map((row) => JSON.stringify(row)).sort()];
      }),
    );
  } finally {
    db.close();
  }
}

export function rowsOf<Row>(path: string, sql: string, ...values: unknown[]): Row[] {
  const db = openDatabase(path, { readonly: true, synchronous: 'NORMAL' });
  try {
    return db.prepare(sql).all(...values) as Row[];
  } finally {
    db.close();
  }
}

/** Spoils payloads behind the log's back, as a defect or a stranger would. */
export function poison(dataDir: string, first: number, last = first): void {
  const db = openDatabase(logPath(dataDir), { synchronous: 'FULL' });
  try {
    db.exec('DROP TRIGGER IF EXISTS events_no_update');
    db.prepare('UPDATE events SET data = ? WHERE position BETWEEN ? AND ?').run(
      '{"no":"sense"}',
      first,
      last,
    );
  } finally {
    db.close();
  }
}

export const at = (position: number): Position => position as Position;

/** Asks again until it holds. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  what: string,
  deadline = 10_000,
): Promise<void> {
  const end = Date.now() + deadline;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${deadline} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
