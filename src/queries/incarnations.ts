/** The containers that had a name one after the other, newest first, each with what differs from the one before. */
import type { DatabaseFile } from '../db/open.ts';
import type { ContainerObservedData } from '../events/observations.ts';
import type { LogReader } from '../log/port.ts';
import { containerSubject, typeSubject } from '../projections/event-lookup.ts';
import { configurationChanges } from './configuration.ts';
import { createContainerFinder, type FoundContainer } from './container-finder.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import type { IncarnationView, Page, Paging } from './port.ts';
import { createThrough } from './through.ts';

/** Observations of one container that are looked at for the first and the last under the name. */
const patience = 200;

interface Sighting {
  readonly position: number;
  readonly recordedAt: number;
  readonly data: ContainerObservedData;
}

interface Incarnation extends FoundContainer {
  readonly first: Sighting;
  readonly last: Sighting;
  readonly next: Sighting | null;
}

/** Null: no container has or had that name or id. */
export type IncarnationsQuery = (text: string, paging: Paging) => Page<IncarnationView> | null;

export function createIncarnationsQuery(reader: LogReader, projections: DatabaseFile): IncarnationsQuery {
  const find = createContainerFinder(projections);
  const current = projections.prepare('SELECT name FROM containers WHERE engine = ? AND id = ?').pluck();
  const bearers = projections.prepare('SELECT engine, id FROM container_names WHERE name = ?');
  const end = projections.prepare(
    'SELECT since, position FROM containers WHERE engine = ? AND id = ? AND lost IS NOT NULL',
  );
  const sightings = createSightings(reader, projections);
  const through = createThrough(projections);

  /** The name itself, or the one that the container has or last had. */
  function nameOf(text: string): string | null {
    if (bearers.get(text) !== undefined) return text;
    const [found] = find(text);
    return found === undefined ? null : ((current.get(found.engine, found.id) as string | undefined) ?? null);
  }

  function incarnate({ engine, id }: FoundContainer, name: string): Incarnation[] {
    const found = sightings(containerSubject(engine, id), name);
    return found === null ? [] : [{ engine, id, ...found }];
  }

  /** When it ceased to be: it was renamed, or is gone. */
  function endOf({ engine, id, next }: Incarnation): { to: string | null; closedBy: number | null } {
    if (next !== null) return { to: instant(next.recordedAt), closedBy: next.position };
    const lost = end.get(engine, id) as { since: number; position: number } | undefined;
    return lost === undefined
      ? { to: null, closedBy: null }
      : { to: instant(lost.since), closedBy: lost.position };
  }

  function view(one: Incarnation, before: Incarnation | undefined, name: string): IncarnationView {
    const { to, closedBy } = endOf(one);
    const behind = through([one.first.position, ...(closedBy === null ? [] : [closedBy])]);
    return {
      container: one.id,
      name,
      image: one.last.data.spec.image,
      imageId: one.last.data.spec.imageId,
      createdAt: one.last.data.spec.createdAt,
      from: instant(one.first.recordedAt),
      openedBy: one.first.position,
      to,
      closedBy,
      opened: behind.get(one.first.position) ?? null,
      closed: behind.get(closedBy ?? 0) ?? null,
      changes: before === undefined ? [] : configurationChanges(before.last.data, one.last.data),
    };
  }

  return (text, { limit, cursor }) => {
    const [before] = decodeCursor('incarnations', cursor, ['number']) ?? [Number.MAX_SAFE_INTEGER];
    const name = nameOf(text);
    if (name === null) return null;
    const all = (bearers.all(name) as FoundContainer[])
      .flatMap((container) => incarnate(container, name))
      .filter((one) => one.first.position < before)
      .sort((one, other) => other.first.position - one.first.position);
    const rows = all.slice(0, limit + 1).map((one, index) => ({ one, before: all[index + 1] }));
    return pageOf(
      'incarnations',
      rows,
      limit,
      (row) => view(row.one, row.before, name),
      (row) => [row.one.first.position],
    );
  };
}

/** Of a container under a name: the first observation, the last one while it was up if there is one, and the first under another name. */
function createSightings(reader: LogReader, projections: DatabaseFile) {
  const numbered = '(SELECT id FROM subjects WHERE name = ?)';
  const select = (order: 'ASC' | 'DESC') =>
    projections
      .prepare(
        `SELECT its.position FROM event_index its
         JOIN event_index observed ON observed.subject = ${numbered} AND observed.position = its.position
         WHERE its.subject = ${numbered} ORDER BY its.position ${order} LIMIT ${patience}`,
      )
      .pluck();
  const observed = typeSubject('ContainerObserved');
  const [oldest, newest] = [select('ASC'), select('DESC')];
  const read = (position: number): Sighting[] => {
    const event = reader.event(position as Parameters<LogReader['event']>[0]);
    if (event?.type !== 'ContainerObserved') return [];
    return [{ position: event.position, recordedAt: event.recordedAt, data: event.data }];
  };
  const first = (positions: number[], fits: (sighting: Sighting) => boolean): Sighting | null => {
    for (const position of positions) {
      const [sighting] = read(position);
      if (sighting !== undefined && fits(sighting)) return sighting;
    }
    return null;
  };

  return (container: string, name: string): Pick<Incarnation, 'first' | 'last' | 'next'> | null => {
    const named = ({ data }: Sighting): boolean => data.name === name;
    const ascending = oldest.all(observed, container) as number[];
    const descending = newest.all(observed, container) as number[];
    const begin = first(ascending, named);
    const recent = first(descending, named);
    if (begin === null || recent === null) return null;
    const up = first(descending, (one) => named(one) && one.data.status === 'running');
    const later = descending.filter((position) => position > recent.position).reverse();
    return { first: begin, last: up ?? recent, next: first(later, () => true) };
  };
}

const instant = (milliseconds: number): string => new Date(milliseconds).toISOString();
