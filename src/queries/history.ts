/** The intervals of a host, newest first, from the `route_history` projection, with who was behind each end. */
import type { DatabaseFile } from '../db/open.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { hasLength, type IntervalRow, intervalColumns, intervalView } from './intervals.ts';
import type { IntervalView, Page, Paging } from './port.ts';
import { createThrough } from './through.ts';

export type HistoryQuery = (host: string, paging: Paging) => Page<IntervalView>;

export function createHistoryQuery(db: DatabaseFile): HistoryQuery {
  const select = db.prepare(`SELECT ${intervalColumns} FROM route_history h
    WHERE h.host = ? AND ${hasLength} AND (h.from_position, h.route) < (?, ?) ORDER BY h.from_position DESC, h.route DESC LIMIT ?`);
  const through = createThrough(db);

  return (host, { limit, cursor }) => {
    const [position, route] = decodeCursor('history', cursor, ['number', 'string']) ?? [
      Number.MAX_SAFE_INTEGER,
      '',
    ];
    const rows = select.all(host, position, route, limit + 1) as IntervalRow[];
    const behind = through(rows.flatMap((row) => [decidedAt(row), row.toPosition ?? row.fromPosition]));
    return pageOf(
      'history',
      rows,
      limit,
      (row) => ({
        ...intervalView(row),
        opened: behind.get(decidedAt(row)) ?? null,
        closed: behind.get(row.toPosition ?? 0) ?? null,
      }),
      (row) => [row.fromPosition, row.route],
    );
  };
}

const decidedAt = ({ decidedPosition, fromPosition }: IntervalRow): number => decidedPosition ?? fromPosition;
