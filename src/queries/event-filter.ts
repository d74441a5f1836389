/** Positions of the events that a filter may mean, from the `event_index` projection: ascending or descending, in pieces. */
import type { DatabaseFile } from '../db/open.ts';
import {
  actorSubject,
  containerSubject,
  hostSubject,
  isIndexedActor,
  nameSubject,
  typeSubject,
} from '../projections/event-lookup.ts';
import { createContainerFinder } from './container-finder.ts';
import type { EventFilter } from './port.ts';

/** Both exclusive. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** At most `count` positions within the range, from its beginning in the order of the filter. */
export type Candidates = (range: Range, count: number) => number[];

/** Whether the index is needed; the log alone answers the others. */
export const needsIndex = ({ container, host, type, actor }: EventFilter): boolean =>
  container !== undefined ||
  host !== undefined ||
  type !== undefined ||
  (actor !== undefined && isIndexedActor(parseActor(actor).kind));

export function createCandidates(projections: DatabaseFile): (filter: EventFilter) => Candidates {
  const subjectId = projections.prepare('SELECT id FROM subjects WHERE name = ?').pluck();
  const findContainers = createContainerFinder(projections);
  const idsOf = (names: readonly string[]): number[] =>
    names.flatMap((name) => (subjectId.get(name) as number | undefined) ?? []);

  return (filter) => {
    if (!needsIndex(filter)) return consecutive(filter.order);
    const wanted = subjectsOf(filter, findContainers);
    const groups = wanted.map(idsOf);
    // One of them matches nothing: so does the whole.
    if (groups.some((ids) => ids.length === 0)) return () => [];
    const select = projections.prepare(intersection(groups, filter.order)).pluck();
    return ({ low, high }, count) => select.all(low, high, count) as number[];
  };
}

/** One list for each criterion, those that match least first; any of a list will do. */
function subjectsOf(
  { container, host, actor, type }: EventFilter,
  findContainers: ReturnType<typeof createContainerFinder>,
): string[][] {
  const wanted: string[][] = [];
  if (container !== undefined) {
    const found = findContainers(container).map(({ engine, id }) => containerSubject(engine, id));
    wanted.push([...found, nameSubject(container)]);
  }
  if (host !== undefined) wanted.push([hostSubject(host)]);
  if (actor !== undefined) {
    const { kind, name } = parseActor(actor);
    if (isIndexedActor(kind)) wanted.push([actorSubject(kind, name)]);
  }
  if (type !== undefined) wanted.push([typeSubject(type)]);
  return wanted;
}

/** `kind` or `kind:name`. */
export function parseActor(text: string): { kind: string; name: string | null } {
  const colon = text.indexOf(':');
  return colon === -1
    ? { kind: text, name: null }
    : { kind: text.slice(0, colon), name: text.slice(colon + 1) };
}

/** The numbers are our own: nothing of a request enters the text. */
function intersection(groups: readonly (readonly number[])[], order: 'asc' | 'desc'): string {
  const [first, ...others] = groups.map((ids) =>
    ids.length === 1 ? `= ${ids[0]}` : `IN (${ids.join(', ')})`,
  );
  const also = others.map(
    (ids) => `AND EXISTS (SELECT 1 FROM event_index o WHERE o.subject ${ids} AND o.position = i.position)`,
  );
  return `SELECT ${groups[0]!.length === 1 ? '' : 'DISTINCT '}i.position FROM event_index i
    WHERE i.subject ${first} AND i.position > ? AND i.position < ? ${also.join(' ')}
    ORDER BY i.position ${order === 'asc' ? 'ASC' : 'DESC'} LIMIT ?`;
}

/** All there are: positions are dense. */
export const consecutive =
  (order: 'asc' | 'desc'): Candidates =>
  ({ low, high }, count) => {
    const length = Math.max(0, Math.min(count, high - low - 1));
    return Array.from({ length }, (_, index) => (order === 'asc' ? low + 1 + index : high - 1 - index));
  };
