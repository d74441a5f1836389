/** All hosts over a stretch of time: intervals for bars, and how many events there were for the scale under them. */
import type { DatabaseFile } from '../db/open.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { createInstants } from './instants.ts';
import { hasLength, type IntervalRow, intervalColumns, intervalView } from './intervals.ts';
import type { DensityView, Page, Paging, TimelineItem } from './port.ts';

export interface Stretch {
  /** Milliseconds since the epoch, inclusive. */
  readonly from: number;
  readonly to: number;
}

export interface Timelines {
  /** Intervals that touch the stretch, by host. */
  timeline(stretch: Stretch, paging: Paging): Page<TimelineItem>;
  density(stretch: Stretch, buckets: number): DensityView;
}

export function createTimelines(log: DatabaseFile, projections: DatabaseFile): Timelines {
  const instants = createInstants(log);
  const touching = projections.prepare(`SELECT ${intervalColumns} FROM route_history h
    WHERE ${hasLength} AND h.from_ms <= ? AND (h.to_ms IS NULL OR h.to_ms >= ?) AND (h.host, h.from_position, h.route) > (?, ?, ?)
    ORDER BY h.host, h.from_position, h.route LIMIT ?`);

  return {
    timeline({ from, to }, { limit, cursor }) {
      const [host, position, route] = decodeCursor('timeline', cursor, ['string', 'number', 'string']) ?? [
        '',
        0,
        '',
      ];
      const rows = touching.all(to, from, host, position, route, limit + 1) as IntervalRow[];
      return pageOf('timeline', rows, limit, intervalView, (row) => [row.host, row.fromPosition, row.route]);
    },
    density({ from, to }, buckets) {
      const edges = Array.from({ length: buckets + 1 }, (_, index) => from + ((to - from) * index) / buckets);
      const positions = instants.firstFromEach(edges);
      return {
        from: new Date(from).toISOString(),
        to: new Date(to).toISOString(),
        buckets: edges.slice(1).map((edge, index) => ({
          from: new Date(edges[index]!).toISOString(),
          to: new Date(edge).toISOString(),
          events: positions[index + 1]! - positions[index]!,
        })),
      };
    },
  };
}
