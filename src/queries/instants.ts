/** From an instant to a position, on the axis of `recordedAt`, which never decreases along the log. */
import type { DatabaseFile } from '../db/open.ts';

export interface Instants {
  /** First position recorded at that millisecond or later; one past the head if there is none. */
  firstFrom(milliseconds: number): number;
  /** Last position recorded at that millisecond or before; one before the first if there is none. */
  lastUntil(milliseconds: number): number;
  /** `firstFrom` for each of many instants in ascending order: each search is within the bounds of its neighbours. */
  firstFromEach(milliseconds: readonly number[]): number[];
}

export function createInstants(log: DatabaseFile): Instants {
  // Each by itself: SQLite looks a single min or max up, and scans the whole table for two.
  const ends = log.prepare(
    'SELECT (SELECT min(position) FROM events) AS first, (SELECT max(position) FROM events) AS last',
  );
  const timeOf = log.prepare('SELECT recorded_at FROM events WHERE position = ?').pluck();

  /** Positions are dense: looks at twenty rows of a million. */
  function firstWhere(isLate: (recordedAt: number) => boolean, bounds = whole()): number {
    let [low, high] = bounds;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (isLate(timeOf.get(middle) as number)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The first position, and one past the last. */
  function whole(): readonly [number, number] {
    const { first, last } = ends.get() as { first: number | null; last: number | null };
    return [first ?? 1, (last ?? 0) + 1];
  }

  function firstFromEach(instants: readonly number[], [low, high]: readonly [number, number]): number[] {
    const middle = Math.floor(instants.length / 2);
    const instant = instants[middle];
    if (instant === undefined) return [];
    const position = low === high ? low : firstWhere((recordedAt) => recordedAt >= instant, [low, high]);
    return [
      ...firstFromEach(instants.slice(0, middle), [low, position]),
      position,
      ...firstFromEach(instants.slice(middle + 1), [position, high]),
    ];
  }

  return {
    firstFromEach: (instants) => firstFromEach(instants, whole()),
    firstFrom: (milliseconds) => firstWhere((recordedAt) => recordedAt >= milliseconds),
    lastUntil: (milliseconds) => firstWhere((recordedAt) => recordedAt > milliseconds) - 1,
  };
}
