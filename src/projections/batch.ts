/** A stretch of the log in its order, with what cannot be read in its place. */
import type { Event } from '../events/event.ts';
import type { Position } from '../events/ids.ts';
import type { LogReader, UnreadableEvent } from '../log/port.ts';

export type Item = Event | UnreadableEvent;

export const isEvent = (item: Item): item is Event => !('problem' in item);

/** @param after exclusive @throws {LogUnusable} as the log does */
export function itemsAfter(log: LogReader, after: Position, limit: number): Item[] {
  const unreadable: UnreadableEvent[] = [];
  const events = log.read(after, limit, (event) => unreadable.push(event));
  if (unreadable.length === 0) return events;
  return [...events, ...unreadable].sort((one, other) => one.position - other.position);
}

/**
 * @param after exclusive
 * @throws {Error} the log cannot be read, which is no fault of the projections
 */
export function readBatch(log: LogReader, after: Position, limit: number): Item[] {
  try {
    return itemsAfter(log, after, limit);
  } catch (error) {
    throw new Error(`the log cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
