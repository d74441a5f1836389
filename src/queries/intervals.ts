/** Rows of `route_history`, as intervals and as routes at a moment. */
import { type CloseReason, closeReasons } from '../events/decisions.ts';
import type { Host } from '../events/ids.ts';
import type { Moment } from './moment.ts';
import type { IntervalView, RouteView } from './port.ts';

export interface IntervalRow {
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

/** Of a table of that name, in the order of `IntervalRow`. */
export const intervalColumnsOf = (h: string): string =>
  `${h}.route, ${h}.host, ${h}.path, ${h}.owner, ${h}.targets, ${h}.from_position AS fromPosition,
  ${h}.to_position AS toPosition, ${h}.from_ms AS fromMs, ${h}.to_ms AS toMs, ${h}.reason`;

/** Of a table called `h`. */
export const intervalColumns = intervalColumnsOf('h');

const isCloseReason = (reason: string | null): reason is CloseReason =>
  closeReasons.some((known) => known === reason);

export const intervalView = (row: IntervalRow): Omit<IntervalView, 'opened' | 'closed'> => ({
  route: row.route,
  host: row.host,
  match: { host: row.host as Host, path: row.path },
  owner: row.owner,
  targets: JSON.parse(row.targets),
  from: new Date(row.fromMs).toISOString(),
  to: row.toMs === null ? null : new Date(row.toMs).toISOString(),
  openedBy: row.fromPosition,
  closedBy: row.toPosition,
  reason: isCloseReason(row.reason) ? row.reason : null,
  ended: endOf(row.reason),
});

/** Without closing the route, or by closing it. */
const endOf = (reason: string | null): IntervalView['ended'] =>
  reason === null || reason === 'changed' || reason === 'away' || reason === 'unrecorded' ? reason : 'closed';

/** Whether it was served then. Portolan may have been gone before the event that says so: its next start. */
function spans(row: IntervalRow, { position, instant }: Moment): boolean {
  if (row.fromPosition > position) return false;
  if (row.toPosition !== null && row.toPosition <= position) return false;
  return instant === null || row.toMs === null || row.reason !== 'away' || row.toMs > instant;
}

/** Nothing could be recorded then: it is what was last known. */
const isUnrecorded = ({ reason, toMs }: IntervalRow, { instant }: Moment): boolean =>
  reason === 'unrecorded' && instant !== null && instant > toMs!;

/** @param row the last interval that had begun by then */
export function routeThen(row: IntervalRow, moment: Moment): RouteView {
  const { route: id, owner } = row;
  const match = { host: row.host as Host, path: row.path };
  if (spans(row, moment)) {
    const since = new Date(row.fromMs).toISOString();
    const targets = JSON.parse(row.targets) as RouteView['targets'];
    const state = isUnrecorded(row, moment) ? 'unconfirmed' : 'open';
    return { id, match, owner, targets, state, since, position: row.fromPosition };
  }
  return {
    id,
    match,
    owner,
    targets: [],
    state: 'closed',
    ...(isCloseReason(row.reason) ? { reason: row.reason } : {}),
    since: new Date(row.toMs!).toISOString(),
    position: row.toPosition!,
  };
}
