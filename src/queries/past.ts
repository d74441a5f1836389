/** Questions that name a moment, put together. */
import type { DatabaseFile } from '../db/open.ts';
import type { LogHead } from '../log/port.ts';
import { createAsOf } from './as-of.ts';
import { createEventsOf } from './container-names.ts';
import { decodeCursor } from './cursor.ts';
import { createDiffs } from './diff.ts';
import type { EventQueries } from './events.ts';
import { BadMoment, createMoments, type Moment } from './moment.ts';
import type { At, DiffPage, Paging } from './port.ts';
import { createRouteChanges } from './route-changes.ts';
import { createTimelines } from './timeline.ts';
import { createWhy } from './why.ts';

export function createPast(
  log: DatabaseFile,
  projections: DatabaseFile,
  events: EventQueries,
  head: () => LogHead,
) {
  const momentOf = createMoments(log, head);
  const asOf = createAsOf(projections);
  const diffs = createDiffs(asOf, createRouteChanges(projections), events);
  const why = createWhy(projections, asOf, events, createEventsOf(projections));
  const now = (): Moment => ({ position: head().position, instant: null, isNow: true });
  /** Without one it is now. */
  const at = (moment: At | undefined): Moment => (moment === undefined ? now() : momentOf(moment));

  /** Without an end it is now: pages after the first then end where that ended. */
  function diff(from: At, to: At | undefined, { limit, cursor }: Paging): DiffPage {
    const [after, position] = decodeCursor('diff', cursor, ['string', 'number']) ?? ['', null];
    const end = to ?? (position === null ? undefined : ({ kind: 'position', position } as const));
    const stretch = inOrder(
      named('from', () => at(from)),
      named('to', () => at(end)),
    );
    return diffs.between(...stretch, after, limit);
  }

  return {
    ...createTimelines(log, projections),
    routesAt: (moment: At | undefined, filter: Paging & { host?: string | undefined }) =>
      asOf.routes(at(moment), filter),
    routeAt: (moment: At | undefined, id: string) => asOf.route(at(moment), id),
    hostsAt: (moment: At | undefined, paging: Paging) => asOf.hosts(at(moment), paging),
    hostAt: (moment: At | undefined, host: string) => asOf.host(at(moment), host),
    refusalsAt: (moment: At) => asOf.refusals(at(moment)),
    resolveAt: (moment: At, host: string, target: string) => asOf.resolve(at(moment), host, target),
    positionAt: (moment: At) => at(moment).position,
    why: (host: string, moment?: At) => why(at(moment), host),
    diff,
    hostDiff: (host: string, moment?: At) => diffs.ofHost(at(moment), host),
  };
}

function named(field: 'from' | 'to', moment: () => Moment): Moment {
  try {
    return moment();
  } catch (error) {
    throw error instanceof BadMoment ? new BadMoment(`${field}: ${error.message}`, field) : error;
  }
}

function inOrder(from: Moment, to: Moment): [Moment, Moment] {
  const isLater =
    from.position > to.position || (from.instant ?? 0) > (to.instant ?? Number.MAX_SAFE_INTEGER);
  if (isLater) throw new BadMoment('from: it lies after `to`; a moment before that is allowed', 'from');
  return [from, to];
}
