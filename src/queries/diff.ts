/** What changed between two moments, route by route, each with the event that caused it. */
import type { AsOf } from './as-of.ts';
import { encodeCursor } from './cursor.ts';
import type { EventQueries } from './events.ts';
import type { Moment } from './moment.ts';
import type { DiffPage, DiffView, HostDiffView, RouteChangeView } from './port.ts';
import { changeOf, type RouteChange, type RouteChangesQuery } from './route-changes.ts';

export interface Diffs {
  /**
   * @param after only routes whose id comes after it; empty for all
   * @returns the cursor of the next page is that id, and the position of `to`
   */
  between(from: Moment, to: Moment, after: string, limit: number): DiffPage;
  /** Since the host last had an upstream. */
  ofHost(moment: Moment, host: string): HostDiffView | null;
}

export function createDiffs(asOf: AsOf, changesBetween: RouteChangesQuery, events: EventQueries): Diffs {
  function view(from: Moment, to: Moment, changes: readonly RouteChange[]): DiffView {
    const of = (kind: RouteChange['kind']): RouteChangeView[] =>
      changes.flatMap((change) => (change.kind === kind ? [withCause(from, change)] : []));
    return {
      from: ends(from),
      to: ends(to),
      added: of('added'),
      removed: of('removed'),
      changed: of('changed'),
    };
  }

  /** What was decided before is served again: the event that says so made the difference. */
  function withCause(from: Moment, { before, after }: RouteChange): RouteChangeView {
    const { position, served } = after;
    const isOlder = served !== undefined && position <= from.position;
    const decided = isOlder ? events.event(position) : null;
    return {
      route: after.id,
      host: after.match.host,
      before,
      after,
      cause: events.event(isOlder ? served.position : position),
      ...(decided === null ? {} : { decided }),
    };
  }

  const ends = ({ position, instant }: Moment): DiffView['from'] => ({
    position,
    at: instant !== null ? new Date(instant).toISOString() : (events.event(position)?.recordedAt ?? null),
  });

  return {
    between(from, to, after, limit) {
      const { changes, next } = changesBetween(from, to, after, limit);
      const found = view(from, to, changes);
      return next === null ? found : { ...found, next: encodeCursor('diff', [next, to.position]) };
    },
    ofHost(moment, host) {
      const now = asOf.routesOf(moment, host);
      if (now.length === 0) return null;
      if (now.some((route) => route.state !== 'closed'))
        return { ...view(moment, moment, []), lastWorked: ends(moment) };
      const last = { position: Math.max(...now.map((route) => route.position)) - 1, instant: null };
      const then = new Map(asOf.routesOf(last, host).map((route) => [route.id, route]));
      const changes = now.flatMap((after) => changeOf(then.get(after.id) ?? null, after) ?? []);
      return { ...view(last, moment, changes), lastWorked: ends(last) };
    },
  };
}
