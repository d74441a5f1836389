/** What changed between two moments, route by route, each with the event that caused it. */
import type { AsOf } from './as-of.ts';
import type { EventQueries } from './events.ts';
import type { Moment } from './moment.ts';
import type { DiffView, HostDiffView, RouteChangeView, RouteView } from './port.ts';

export interface Diffs {
  between(from: Moment, to: Moment): DiffView;
  /** Since the host last had an upstream. */
  ofHost(moment: Moment, host: string): HostDiffView | null;
}

export function createDiffs(asOf: AsOf, events: EventQueries): Diffs {
  function compare(
    from: Moment,
    to: Moment,
    pairs: readonly { before: RouteView | null; after: RouteView }[],
  ): DiffView {
    const changes = pairs.flatMap(({ before, after }) => changeOf(before, after) ?? []);
    const of = (kind: Change['kind']): RouteChangeView[] =>
      changes.flatMap((change) => (change.kind === kind ? [withCause(change)] : []));
    return {
      from: ends(from),
      to: ends(to),
      added: of('added'),
      removed: of('removed'),
      changed: of('changed'),
    };
  }

  const withCause = ({ before, after }: Change): RouteChangeView => ({
    route: after.id,
    host: after.match.host,
    before,
    after,
    cause: events.event(after.position),
  });

  const ends = ({ position, instant }: Moment): DiffView['from'] => ({
    position,
    at: instant !== null ? new Date(instant).toISOString() : (events.event(position)?.recordedAt ?? null),
  });

  return {
    between: (from, to) => compare(from, to, asOf.changed(from, to)),
    ofHost(moment, host) {
      const now = asOf.routesOf(moment, host);
      if (now.length === 0) return null;
      if (now.some((route) => route.state !== 'closed'))
        return { ...compare(moment, moment, []), lastWorked: ends(moment) };
      const last = { position: Math.max(...now.map((route) => route.position)) - 1, instant: null };
      const then = new Map(asOf.routesOf(last, host).map((route) => [route.id, route]));
      const pairs = now.map((after) => ({ before: then.get(after.id) ?? null, after }));
      return { ...compare(last, moment, pairs), lastWorked: ends(last) };
    },
  };
}

interface Change {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly before: RouteView | null;
  readonly after: RouteView;
}

/** Routes are never forgotten: whatever was there before is there after, open or closed. */
function changeOf(before: RouteView | null, after: RouteView): Change | null {
  const was = before !== null && before.state !== 'closed';
  const is = after.state !== 'closed';
  if (!was && !is) return null;
  if (!was) return { kind: 'added', before, after };
  if (!is) return { kind: 'removed', before, after };
  const same = JSON.stringify(before.targets) === JSON.stringify(after.targets);
  return same ? null : { kind: 'changed', before, after };
}
