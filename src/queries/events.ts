/** The log, filtered: by type, actor and time in its own rows, by container and host through the streams they are about. */
import type { DatabaseFile } from '../db/open.ts';
import type { Position } from '../events/ids.ts';
import type { LogReader } from '../log/port.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { eventView } from './event-view.ts';
import type { EventFilter, EventView, Page } from './port.ts';

export interface EventQueries {
  events(filter: EventFilter): Page<EventView>;
  event(position: number): EventView | null;
  consequences(position: number): EventView[];
}

/** Deepest chain of causes that is followed, and most events that are shown of it. */
const deepest = 32;
const most = 1_000;

/** @param log the log's file, beside its reader; @param projections for names of containers and hosts */
export function createEventQueries(
  log: DatabaseFile,
  reader: LogReader,
  projections: DatabaseFile,
): EventQueries {
  const streamsOfContainer = projections
    .prepare(
      `SELECT 'container:' || engine || '/' || id FROM containers WHERE id = @it OR name = @it OR (length(@it) >= 12 AND id LIKE @it || '%')
     UNION SELECT 'command:' || command FROM audit WHERE command IS NOT NULL AND (container = @it OR name = @it
       OR container IN (SELECT id FROM containers WHERE name = @it))`,
    )
    .pluck();
  const streamsOfHost = projections.prepare("SELECT 'route:' || id FROM routes WHERE host = ?").pluck();
  const caused = log
    .prepare(
      `WITH RECURSIVE chain(id, position, depth) AS (
       SELECT id, position, 0 FROM events WHERE position = ?
       UNION ALL SELECT e.id, e.position, depth + 1 FROM events e JOIN chain c ON e.causation = c.id WHERE depth < ${deepest}
     ) SELECT position FROM chain WHERE depth > 0 ORDER BY position LIMIT ${most}`,
    )
    .pluck();

  const view = (position: number): EventView[] => {
    const event = reader.event(position as Position);
    return event === null ? [] : [eventView(event)];
  };

  function streams(filter: EventFilter): string[] | null {
    const { container, host } = filter;
    if (container === undefined && host === undefined) return null;
    const about = container === undefined ? [] : (streamsOfContainer.all({ it: container }) as string[]);
    return host === undefined ? about : [...about, ...(streamsOfHost.all(host) as string[])];
  }

  return {
    events(filter) {
      const { limit, order } = filter;
      const [from] = decodeCursor(filter.cursor, ['number']) ?? [null];
      const { where, values } = conditions(filter, streams(filter));
      if (from !== null) {
        where.push(order === 'asc' ? 'position > ?' : 'position < ?');
        values.push(from);
      }
      const condition = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`;
      const positions = log
        .prepare(
          `SELECT position FROM events ${condition} ORDER BY position ${order === 'asc' ? 'ASC' : 'DESC'} LIMIT ?`,
        )
        .pluck()
        .all(...values, limit + 1) as number[];
      const page = pageOf(positions, limit, view, (position) => [position]);
      return { ...page, items: page.items.flat() };
    },
    event: (position) => view(position)[0] ?? null,
    consequences: (position) => (caused.all(position) as number[]).flatMap(view),
  };
}

function conditions(filter: EventFilter, streams: readonly string[] | null) {
  const where: string[] = [];
  const values: (string | number)[] = [];
  const add = (condition: string, ...more: (string | number)[]): void => {
    where.push(condition);
    values.push(...more);
  };
  if (filter.after !== undefined) add('position > ?', filter.after);
  if (filter.before !== undefined) add('position < ?', filter.before);
  if (filter.type !== undefined) add('type = ?', filter.type);
  if (filter.since !== undefined) add('recorded_at >= ?', filter.since);
  if (filter.until !== undefined) add('recorded_at <= ?', filter.until);
  if (filter.actor !== undefined) {
    const [kind, ...name] = filter.actor.split(':');
    add('actor_kind = ?', kind!);
    if (name.length > 0) add('actor_name = ?', name.join(':'));
  }
  if (streams !== null) {
    add(
      'stream IN (SELECT id FROM streams WHERE name IN (SELECT value FROM json_each(?)))',
      JSON.stringify(streams),
    );
  }
  return { where, values };
}
