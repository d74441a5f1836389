/** Routes that differ between two moments, in the order of their ids, a page at a time. */
import type { DatabaseFile } from '../db/open.ts';
import { type IntervalRow, intervalColumnsOf, routeThen } from './intervals.ts';
import type { Moment } from './moment.ts';
import type { RouteView } from './port.ts';

export interface RouteChange {
  readonly kind: 'added' | 'removed' | 'changed';
  /** Null before it was ever opened. */
  readonly before: RouteView | null;
  readonly after: RouteView;
}

export interface RouteChanges {
  readonly changes: readonly RouteChange[];
  /** The route after which it goes on; null if there are no more. */
  readonly next: string | null;
}

/** @param after only routes whose id comes after it; empty for all */
export type RouteChangesQuery = (from: Moment, to: Moment, after: string, limit: number) => RouteChanges;

/**
 * Up to so many positions for each route that there ever was, the stretch is searched for routes that it touches: a fifth
 * of the time that going through all routes takes, where a page may be full long before the end.
 */
const positionsForRoute = 4;

export function createRouteChanges(db: DatabaseFile): RouteChangesQuery {
  const ofAll = db.prepare(pairs('routes')).raw();
  const ofTouched = db.prepare(`WITH touched AS (${touched}) ${pairs('touched')}`).raw();
  const count = db.prepare('SELECT count(*) FROM routes').pluck();

  return (from, to, after, limit) => {
    const positions = to.position - from.position;
    const statement = positions < positionsForRoute * (count.get() as number) ? ofTouched : ofAll;
    const bounds = { from: from.position, to: to.position, after };
    const changes: RouteChange[] = [];
    for (const pair of statement.iterate(bounds) as Iterable<Pair>) {
      const [before, now] = intervalsOf(pair);
      const change = changeOf(before && routeThen(before, from), routeThen(now, to));
      if (change === null) continue;
      if (changes.length === limit) return { changes, next: changes.at(-1)!.after.id };
      changes.push(change);
    }
    return { changes, next: null };
  };
}

/** Routes are never forgotten: whatever was there before is there after, open or closed. */
export function changeOf(before: RouteView | null, after: RouteView): RouteChange | null {
  const was = before !== null && before.state !== 'closed';
  const is = after.state !== 'closed';
  if (!was && !is) return null;
  if (!was) return { kind: 'added', before, after };
  if (!is) return { kind: 'removed', before, after };
  const same = JSON.stringify(before.targets) === JSON.stringify(after.targets);
  return same ? null : { kind: 'changed', before, after };
}

// An interval that ended without an event of its own (`away`) may have been over at an instant before the position that
// tells of it. All that are cut are so at once: the next cut is that of each that still lasts.
const touched = `SELECT route AS id FROM route_history WHERE from_position > @from AND from_position <= @to
  UNION SELECT route FROM route_history WHERE to_position > @from AND to_position <= @to
  UNION SELECT route FROM route_history WHERE reason IN ('away', 'unrecorded') AND to_position =
    (SELECT min(to_position) FROM route_history WHERE reason IN ('away', 'unrecorded') AND to_position > @to)`;

/** Of each route the last intervals that had begun by the two moments, if it may differ: one of them lasted still. */
const pairs = (candidates: string): string => `
  SELECT ${intervalColumnsOf('b')}, ${intervalColumnsOf('a')}
  FROM ${candidates} r
  JOIN route_history a ON a.route = r.id AND a.from_position = ${lastBegun('@to')}
  LEFT JOIN route_history b ON b.route = r.id AND b.from_position = ${lastBegun('@from')}
  WHERE r.id > @after
    AND (a.from_position > @from OR (a.to_position > @from AND (a.to_position <= @to OR a.reason = 'away')))
    AND (a.to_position IS NULL OR a.to_position > @to OR
      (b.route IS NOT NULL AND (b.to_position IS NULL OR b.to_position > @from)))
  ORDER BY r.id`;

const lastBegun = (moment: string): string =>
  `(SELECT max(from_position) FROM route_history WHERE route = r.id AND from_position <= ${moment})`;

type Pair = readonly unknown[];

function intervalsOf(pair: Pair): [before: IntervalRow | null, after: IntervalRow] {
  const width = pair.length / 2;
  return [pair[0] === null ? null : intervalOf(pair.slice(0, width)), intervalOf(pair.slice(width))];
}

function intervalOf(values: readonly unknown[]): IntervalRow {
  const [route, host, path, owner, targets, fromPosition, toPosition, fromMs, toMs, ...others] = values;
  const [reason, resumed, decidedPosition, decidedMs] = others;
  return {
    route,
    host,
    path,
    owner,
    targets,
    fromPosition,
    toPosition,
    fromMs,
    toMs,
    reason,
    resumed,
    decidedPosition,
    decidedMs,
  } as IntervalRow;
}
