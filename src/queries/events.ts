/** The log, filtered: positions from the `event_index` projection and the instants, rows from the log itself. */
import type { DatabaseFile } from '../db/open.ts';
import type { Position } from '../events/ids.ts';
import type { LogReader } from '../log/port.ts';
import {
  type ContainerNames,
  createContainerNames,
  createEventsOf,
  type EventsOf,
} from './container-names.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { type Candidates, consecutive, createCandidates, parseActor, type Range } from './event-filter.ts';
import { eventView } from './event-view.ts';
import { createInstants } from './instants.ts';
import type { EventFilter, EventView, FollowingView, Page } from './port.ts';

export interface EventQueries {
  events(filter: EventFilter): Page<EventView>;
  following(position: number, limit: number): FollowingView | null;
  event(position: number): EventView | null;
  consequences(position: number): EventView[];
  /** From the root of the chain to the event that caused this one. */
  causes(position: number): EventView[];
}

/** Deepest chain of causes that is followed, and most events that are shown of it. */
const deepest = 32;
const most = 1_000;
/** Events that one page looks at for an actor that is not indexed: then it ends short, with the cursor to go on. */
const patience = 20_000;
const piece = 1_000;

/**
 * @param log the log's file, beside its reader
 * @param projections null for questions that need no index
 * @param eventsOf finds what names a container
 */
export function createEventQueries(
  log: DatabaseFile,
  reader: LogReader,
  projections: DatabaseFile | null,
  eventsOf: EventsOf = projections === null ? () => [] : createEventsOf(projections),
): EventQueries {
  const candidatesOf =
    projections === null ? ({ order }: EventFilter) => consecutive(order) : createCandidates(projections);
  const instants = createInstants(log);
  const nameOf = createContainerNames(log, reader, eventsOf);
  const actorAt = log.prepare('SELECT actor_kind AS kind, actor_name AS name FROM events WHERE position = ?');
  const caused = log
    .prepare(
      `WITH RECURSIVE chain(id, position, depth) AS (
       SELECT id, position, 0 FROM events WHERE position = ?
       UNION ALL SELECT e.id, e.position, depth + 1 FROM events e JOIN chain c ON e.causation = c.id WHERE depth < ${deepest}
     ) SELECT position FROM chain WHERE depth > 0 ORDER BY position LIMIT ${most}`,
    )
    .pluck();

  const causing = log
    .prepare(
      `WITH RECURSIVE chain(position, causation, depth) AS (
       SELECT position, causation, 0 FROM events WHERE position = ?
       UNION ALL SELECT e.position, e.causation, depth + 1 FROM events e JOIN chain c ON e.id = c.causation WHERE depth < ${deepest}
     ) SELECT position FROM chain WHERE depth > 0 ORDER BY depth DESC`,
    )
    .pluck();

  const view = (position: number): EventView[] => {
    const event = reader.event(position as Position);
    return event === null ? [] : [eventView(event, nameOf(event))];
  };

  function rangeOf(filter: EventFilter): Range {
    const [from] = decodeCursor(`events ${filter.order}`, filter.cursor, ['number']) ?? [null];
    const { after = 0, before = Number.MAX_SAFE_INTEGER, since, until, order } = filter;
    const low = [after, 0];
    const high = [before, reader.head().position + 1];
    if (since !== undefined) low.push(instants.firstFrom(since) - 1);
    if (until !== undefined) high.push(instants.lastUntil(until) + 1);
    if (from !== null) (order === 'asc' ? low : high).push(from);
    return { low: Math.max(...low), high: Math.min(...high) };
  }

  /** Whether an event is by the actor, where the index could not tell. */
  function isBy(actor: string | undefined): (position: number) => boolean {
    if (actor === undefined) return () => true;
    const { kind, name } = parseActor(actor);
    return (position) => {
      const found = actorAt.get(position) as { kind: string; name: string } | undefined;
      return found?.kind === kind && (name === null || found.name === name);
    };
  }

  return {
    events(filter) {
      const { positions, next } = select(candidatesOf(filter), isBy(filter.actor), rangeOf(filter), filter);
      const items = positions.flatMap(view);
      return next === null ? { items } : { items, next: encodeCursor(`events ${filter.order}`, [next]) };
    },
    following: (position, limit) => following(reader, nameOf, position, limit),
    event: (position) => view(position)[0] ?? null,
    consequences: (position) => (caused.all(position) as number[]).flatMap(view),
    causes: (position) => (causing.all(position) as number[]).flatMap(view),
  };
}

/** Where it goes on does not depend on whether an event can be read. */
function following(
  reader: LogReader,
  nameOf: ContainerNames,
  position: number,
  limit: number,
): FollowingView | null {
  let last = position;
  const events = reader.read(position as Position, limit, (unreadable) => {
    last = unreadable.position;
  });
  last = Math.max(last, events.at(-1)?.position ?? last);
  return last === position ? null : { items: events.map((event) => eventView(event, nameOf(event))), last };
}

/** @returns a page of positions, and the last one looked at if there may be more */
function select(
  candidates: Candidates,
  matches: (position: number) => boolean,
  range: Range,
  { limit, order }: EventFilter,
): { positions: number[]; next: number | null } {
  const positions: number[] = [];
  let rest = range;
  let looked = 0;
  for (;;) {
    const found = candidates(rest, Math.max(piece, limit + 1));
    for (const position of found) {
      if (positions.length === limit || looked === patience) return { positions, next: lastOf(rest, order) };
      looked += 1;
      rest = order === 'asc' ? { ...rest, low: position } : { ...rest, high: position };
      if (matches(position)) positions.push(position);
    }
    if (found.length < Math.max(piece, limit + 1)) return { positions, next: null };
  }
}

const lastOf = ({ low, high }: Range, order: 'asc' | 'desc'): number => (order === 'asc' ? low : high);
