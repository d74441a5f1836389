/** The intervals of a host, newest first, from the `route_history` projection. */
import type { DatabaseFile } from '../db/open.ts';
import { type CloseReason, closeReasons } from '../events/decisions.ts';
import type { Host } from '../events/ids.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import type { IntervalView, Page, Paging } from './port.ts';

interface IntervalRow {
  readonly route: string;
  readonly host: string;
  readonly path: string;
  readonly owner: string;
  readonly targets: string;
  readonly fromPosition: number;
  readonly toPosition: number | null;
  readonly fromMs: number;
  readonly toMs: number | null;
  readonly reason: string | null;
}

export function createHistoryQuery(db: DatabaseFile): (host: string, paging: Paging) => Page<IntervalView> {
  const select = db.prepare(`SELECT route, host, path, owner, targets, from_position AS fromPosition,
    to_position AS toPosition, from_ms AS fromMs, to_ms AS toMs, reason FROM route_history
    WHERE host = ? AND (from_position, route) < (?, ?) ORDER BY from_position DESC, route DESC LIMIT ?`);
  return (host, { limit, cursor }) => {
    const [position, route] = decodeCursor(cursor, ['number', 'string']) ?? [Number.MAX_SAFE_INTEGER, ''];
    const rows = select.all(host, position, route, limit + 1) as IntervalRow[];
    return pageOf(rows, limit, intervalView, (row) => [row.fromPosition, row.route]);
  };
}

const isCloseReason = (reason: string | null): reason is CloseReason =>
  closeReasons.some((known) => known === reason);

const intervalView = (row: IntervalRow): IntervalView => ({
  route: row.route,
  match: { host: row.host as Host, path: row.path },
  owner: row.owner,
  targets: JSON.parse(row.targets),
  from: new Date(row.fromMs).toISOString(),
  to: row.toMs === null ? null : new Date(row.toMs).toISOString(),
  openedBy: row.fromPosition,
  closedBy: row.toPosition,
  // `changed` and `away` end an interval without closing the route.
  reason: isCloseReason(row.reason) ? row.reason : null,
});
