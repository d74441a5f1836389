/** Rows of `route_history`, as intervals and as routes at a moment. */
import { type CloseReason, closeReasons } from '../events/decisions.ts';
import type { Host } from '../events/ids.ts';
import type { Moment } from './moment.ts';
import type { IntervalView, RouteView, ServedAgain } from './port.ts';

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
  /** Null, as the two below, where it began with the decision on its targets. */
  readonly resumed: ServedAgain['after'] | null;
  readonly decidedPosition: number | null;
  readonly decidedMs: number | null;
}

/** Of a table of that name, in the order of `IntervalRow`. */
export const intervalColumnsOf = (h: string): string =>
  `${h}.route, ${h}.host, ${h}.path, ${h}.owner, ${h}.targets, ${h}.from_position AS fromPosition,
  ${h}.to_position AS toPosition, ${h}.from_ms AS fromMs, ${h}.to_ms AS toMs, ${h}.reason, ${h}.resumed,
  ${h}.decided_position AS decidedPosition, ${h}.decided_ms AS decidedMs`;

/** Without those that only keep a decision to close what was not served. */
export const hasLength = '(h.to_position IS NULL OR h.to_position > h.from_position)';

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
  from: timeOf(row.fromMs),
  to: row.toMs === null ? null : timeOf(row.toMs),
  openedBy: row.fromPosition,
  closedBy: row.toPosition,
  reason: isCloseReason(row.reason) ? row.reason : null,
  ended: endOf(row.reason),
  ...(row.decidedPosition === null
    ? {}
    : { decided: { at: timeOf(row.decidedMs!), position: row.decidedPosition } }),
});

const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString();

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

/** Of one that is served; nothing where it has been so since it was decided on. */
export const servedAgain = ({
  resumed,
  fromMs,
  fromPosition,
}: Pick<IntervalRow, 'resumed' | 'fromMs' | 'fromPosition'>): { served?: ServedAgain } =>
  resumed === null ? {} : { served: { since: timeOf(fromMs), position: fromPosition, after: resumed } };

/** @param row the last interval that had begun by then */
export function routeThen(row: IntervalRow, moment: Moment): RouteView {
  const { route: id, owner } = row;
  const match = { host: row.host as Host, path: row.path };
  if (spans(row, moment)) {
    const since = timeOf(row.decidedMs ?? row.fromMs);
    const targets = JSON.parse(row.targets) as RouteView['targets'];
    const state = isUnrecorded(row, moment) ? 'unconfirmed' : 'open';
    const position = row.decidedPosition ?? row.fromPosition;
    return { id, match, owner, targets, state, since, position, ...servedAgain(row) };
  }
  return {
    id,
    match,
    owner,
    targets: [],
    state: 'closed',
    ...(isCloseReason(row.reason) ? { reason: row.reason } : {}),
    since: timeOf(row.toMs!),
    position: row.toPosition!,
  };
}
