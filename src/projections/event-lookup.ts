/** `event_index`: what events can be found by: their container, host, type, and actor if that is a person. */
import type { DatabaseFile } from '../db/open.ts';
import { type Actor, type EventType, eventTypes, type ProjectedEvent } from '../events/event.ts';
import type { Fold, Projection } from './projection.ts';

export const eventIndex: Projection = {
  name: 'event_index',
  version: 1,
  tables: ['event_index', 'subjects'],
  open,
};

export const containerSubject = (engine: string, id: string): string => `container:${engine}/${id}`;
/** Of commands on a container that was not known, or that was still to be made. */
export const nameSubject = (name: string): string => `name:${name}`;
export const hostSubject = (host: string): string => `host:${host}`;
export const typeSubject = (type: string): string => `type:${type}`;
/** @param name null for all actors of the kind */
export const actorSubject = (kind: string, name: string | null): string =>
  name === null ? `actor:${kind}` : `actor:${kind}:${name}`;

/** Most events are done by the engine or Portolan: an index of those would only repeat the log. */
export const isIndexedActor = (kind: string): boolean => kind === 'api' || kind === 'external';

/** Numbers of subjects that are kept in memory. */
const remembered = 50_000;

/**
 * Positions are kept back to the end of a batch, and then written subject by subject, as the table is ordered. Only then
 * are the names numbered: each is looked up once a batch, and they are in the order in which they appeared.
 */
function open(db: DatabaseFile): Fold {
  const numberOf = createSubjects(db);
  const put = db.prepare(
    'INSERT OR IGNORE INTO event_index (subject, position) SELECT ?, value FROM json_each(?)',
  );
  const found = new Map<string, number[]>();

  return {
    apply(event) {
      const { position } = event;
      for (const name of subjectsOf(event)) {
        const positions = found.get(name);
        if (positions === undefined) found.set(name, [position]);
        else if (positions.at(-1) !== position) positions.push(position);
      }
    },
    flush() {
      const numbered = [...found].map(([name, positions]) => ({ subject: numberOf(name), positions }));
      numbered.sort((one, other) => one.subject - other.subject);
      for (const { subject, positions } of numbered) put.run(subject, JSON.stringify(positions));
      found.clear();
    },
    reset() {
      found.clear();
      numberOf.forget();
    },
  };
}

/** Each name has the number of its first appearance. */
function createSubjects(db: DatabaseFile) {
  const find = db.prepare('SELECT id FROM subjects WHERE name = ?').pluck();
  const add = db.prepare('INSERT INTO subjects (name) VALUES (?)');
  const known = new Map<string, number>();

  function numberOf(name: string): number {
    const remembers = known.get(name);
    if (remembers !== undefined) return remembers;
    const id = (find.get(name) as number | undefined) ?? Number(add.run(name).lastInsertRowid);
    if (known.size >= remembered) known.clear();
    known.set(name, id);
    return id;
  }
  return Object.assign(numberOf, { forget: () => known.clear() });
}

/** Some may be named twice. */
function subjectsOf({ type, data, streamId, engineId, actor }: ProjectedEvent): string[] {
  const subjects = [typeSubjects[type], ...actorsOf(actor)];
  if (streamId.startsWith('container:')) subjects.push(streamId);
  if ('match' in data && data.match !== null) subjects.push(hostSubject(data.match.host));
  if ('command' in data && data.container === null && data.name !== null)
    subjects.push(nameSubject(data.name));
  if (engineId === null) return subjects;
  // Most are about the very container that they name.
  if ('container' in data && data.container !== null && !streamId.endsWith(data.container))
    subjects.push(containerSubject(engineId, data.container));
  if ('targets' in data) {
    for (const target of data.targets) subjects.push(containerSubject(engineId, target.container));
  }
  return subjects;
}

/** The same texts again and again, so that they are looked up at once. */
const typeSubjects = Object.fromEntries(eventTypes.map((type) => [type, typeSubject(type)])) as Readonly<
  Record<EventType, string>
>;

const actorsOf = ({ kind, name }: Actor): string[] =>
  isIndexedActor(kind) ? [actorSubject(kind, null), actorSubject(kind, name)] : [];
