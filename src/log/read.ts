/** Reads the log on the calling thread, beside the writer. */
import { type DatabaseFile, openDatabase } from '../db/open.ts';
import type { Event, EventType } from '../events/event.ts';
import type { Position } from '../events/ids.ts';
import { readHead } from './append.ts';
import { toUnusable } from './faults.ts';
import { logPath } from './path.ts';
import type { LogReader, Stretch } from './port.ts';
import { columns, createRows, type FoldedRow, foldedColumns, isUnreadable, type Row } from './rows.ts';
import { createSnapshotReader } from './snapshot.ts';

/** Rows taken at once: they are forgotten before they are old, and no read transaction stays open for long. */
const page = 250;

/** @throws {LogUnusable} if the file is not there or cannot be read; each call throws it where the file is damaged */
export function createLogReader(dataDir: string): LogReader {
  const path = logPath(dataDir);
  return reportDamage(path, () => {
    const db = openDatabase(path, { readonly: true, synchronous: 'FULL' });
    const rows = createRows(db);
    const after = db
      .prepare(`SELECT ${columns} FROM events WHERE position > ? ORDER BY position LIMIT ?`)
      .raw();
    const folded = createFolded(db);
    const at = db.prepare(`SELECT ${columns} FROM events WHERE position = ?`).raw();
    const timeOf = db.prepare('SELECT recorded_at FROM events WHERE position = ?').pluck();
    const byId = db.prepare('SELECT position FROM events WHERE id = ?').pluck();
    const lastOf = db
      .prepare(`SELECT ${columns} FROM events WHERE type = ? ORDER BY position DESC LIMIT 1`)
      .raw();
    const snapshot = createSnapshotReader(db);
    const together = db.transaction((reads: () => unknown) => reads());
    const guarded = <T>(read: () => T): T => reportDamage(path, read);
    const rowsAfter = (position: number, limit: number): Row[] =>
      guarded(() => after.all(position, limit) as Row[]);
    const readable = (row: Row | undefined): Event | null => {
      const event = row === undefined ? null : rows.toEvent(row);
      return event === null || isUnreadable(event) ? null : event;
    };

    return {
      head() {
        const head = guarded(() => readHead(db));
        return { ...head, position: head.position as Position, hash: head.hash.toString('hex') };
      },
      read(position, limit, onUnreadable) {
        const events: Event[] = [];
        for (const row of rowsAfter(position, limit)) {
          const event = rows.toEvent(row);
          if (isUnreadable(event)) onUnreadable(event);
          else events.push(event);
        }
        return events;
      },
      fold({ after, until = Number.MAX_SAFE_INTEGER, types, except }, onEvent, onUnreadable) {
        const between = folded(types, except);
        let last = after;
        for (;;) {
          const found = guarded(() => between.all(last, until, page) as FoldedRow[]);
          for (const row of found) {
            const event = rows.toFolded(row);
            if (isUnreadable(event)) onUnreadable(event);
            else onEvent(event);
          }
          last = (found.at(-1)?.[0] ?? last) as Position;
          if (found.length < page) return last;
        }
      },
      event: (position) => readable(guarded(() => at.get(position) as Row | undefined)),
      recordedAt: (position) => guarded(() => timeOf.get(position) as number | undefined) ?? null,
      positionOf: (id) => guarded(() => byId.get(Buffer.from(id, 'hex')) as Position | undefined) ?? null,
      last: (type) => readable(guarded(() => lastOf.get(type) as Row | undefined)),
      together: <T>(reads: () => T) => together(reads) as T,
      snapshot: (foldVersion, atMost) => guarded(() => snapshot(foldVersion, atMost)),
      close: () => db.close(),
    };
  });
}

/** A statement for each set of types that is asked for. */
function createFolded(db: DatabaseFile) {
  const select = `SELECT ${foldedColumns} FROM events WHERE position > ? AND position <= ?`;
  const prepare = (condition: string) => db.prepare(`${select} ${condition} ORDER BY position LIMIT ?`).raw();
  const prepared = new Map<string, ReturnType<typeof prepare>>();
  const listed = (types: readonly EventType[]): string => types.map((type) => `'${type}'`).join(', ');
  return (types: Stretch['types'], except: Stretch['except']): ReturnType<typeof prepare> => {
    const among = types === undefined ? '' : `AND type IN (${listed(types)})`;
    const condition = except === undefined ? among : `${among} AND type NOT IN (${listed(except)})`;
    const found = prepared.get(condition) ?? prepare(condition);
    prepared.set(condition, found);
    return found;
  };
}

function reportDamage<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw toUnusable(error, path);
  }
}
