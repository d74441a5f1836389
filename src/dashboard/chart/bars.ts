/** Intervals as rows of bars, ready to be drawn: one row a host, gaps and takeovers worked out once. */
import type { Interval } from '../api/shapes.ts';
import { byName } from '../parts/by-name.ts';

export interface Bar {
  /** Milliseconds since the epoch; null: it still lasts. */
  readonly from: number;
  readonly to: number | null;
  readonly interval: Interval;
  /** Another owner had the host before. */
  readonly takeover: boolean;
}

export interface Row {
  readonly host: string;
  /** By their start. */
  readonly bars: readonly Bar[];
}

export function rowsOf(intervals: readonly Interval[]): Row[] {
  const byHost = Map.groupBy(intervals, (interval) => interval.host ?? interval.match.host);
  return [...byHost]
    .map(([host, own]) => ({ host, bars: barsOf(own) }))
    .sort((one, other) => byName(one.host, other.host));
}

function barsOf(intervals: readonly Interval[]): Bar[] {
  const sorted = intervals.toSorted((one, other) => one.openedBy - other.openedBy);
  const owners = new Map<string, string>();
  return sorted.map((interval) => {
    const before = owners.get(interval.match.path);
    owners.set(interval.match.path, interval.owner);
    return {
      from: Date.parse(interval.from),
      to: interval.to === null ? null : Date.parse(interval.to),
      interval,
      takeover: before !== undefined && before !== interval.owner,
    };
  });
}

/** The bar of a row at a time, the latest one if several overlap. */
export function barAt({ bars }: Row, time: number): Bar | null {
  for (let at = bars.length - 1; at >= 0; at--) {
    const bar = bars[at]!;
    if (bar.from <= time && (bar.to === null || time < bar.to)) return bar;
  }
  return null;
}
