/** From an instant to a position, on the axis of `recordedAt`, which never decreases along the log. */
import type { DatabaseFile } from '../db/open.ts';

export interface Instants {
  /** First position recorded at that millisecond or later; one past the head if there is none. */
  firstFrom(milliseconds: number): number;
  /** Last position recorded at that millisecond or before; one before the first if there is none. */
  lastUntil(milliseconds: number): number;
}

export function createInstants(log: DatabaseFile): Instants {
  const ends = log.prepare('SELECT min(position) AS first, max(position) AS last FROM events');
  const timeOf = log.prepare('SELECT recorded_at FROM events WHERE position = ?').pluck();

  /** Positions are dense: looks at twenty rows of a million. */
  function firstWhere(isLate: (recordedAt: number) => boolean): number {
    const { first, last } = ends.get() as { first: number | null; last: number | null };
    let low = first ?? 1;
    let high = (last ?? 0) + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (isLate(timeOf.get(middle) as number)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  return {
    firstFrom: (milliseconds) => firstWhere((recordedAt) => recordedAt >= milliseconds),
    lastUntil: (milliseconds) => firstWhere((recordedAt) => recordedAt > milliseconds) - 1,
  };
}
