/** What a container was called when something happened to it, where the event does not tell: signals of networks name the network alone. */
import type { DatabaseFile } from '../db/open.ts';
import type { Event } from '../events/event.ts';
import type { Position } from '../events/ids.ts';
import type { LogReader } from '../log/port.ts';

/** @returns null where the event tells itself, is about no container, or nothing before it names that */
export type ContainerNames = (event: Event) => string | null;

/** Positions of the last events about a container before one, newest first. */
export type EventsOf = (stream: string, before: number) => readonly number[];

/** Positions right before it that are looked through, as most are named there; it is cheaper than to ask the index. */
const near = 64;
/** Events about the container among which one must name it. */
const most = 16;

/** @param indexed empty where there is no index */
export function createContainerNames(
  log: DatabaseFile,
  reader: LogReader,
  indexed: EventsOf,
): ContainerNames {
  const nearby = log
    .prepare(
      `SELECT position FROM events WHERE position < ? AND position >= ?
       AND stream = (SELECT id FROM streams WHERE name = ?) ORDER BY position DESC LIMIT ${most}`,
    )
    .pluck();

  const nameAt = (position: number): string | null => {
    const event = reader.event(position as Position);
    return event === null ? null : nameIn(event);
  };
  const firstName = (positions: readonly number[]): string | null =>
    positions.reduce<string | null>((name, position) => name ?? nameAt(position), null);

  return (event) => {
    const { position, streamId, data } = event;
    if (!('claimed' in data) || nameIn(event) !== null) return null;
    const found = nearby.all(position, position - near, streamId) as number[];
    return firstName(found) ?? firstName(indexed(streamId, position));
  };
}

/** @param projections with the index of events */
export function createEventsOf(projections: DatabaseFile): EventsOf {
  const select = projections
    .prepare(
      `SELECT position FROM event_index WHERE subject = (SELECT id FROM subjects WHERE name = ?) AND position < ?
       ORDER BY position DESC LIMIT ${most}`,
    )
    .pluck();
  return (stream, before) => select.all(stream, before) as number[];
}

/** A decision about it names it as it was when its route was made. */
function nameIn({ type, data }: Event): string | null {
  if ('claimed' in data) return data.claimed.name ?? null;
  return type === 'ContainerObserved' || type === 'ContainerLost' ? data.name : null;
}
