/** The stretch of time that the scale shows: the last hour or so, or around the moment that is shown. */
import type { LogEvent, Page } from '../api/shapes.ts';
import { useApi } from '../api/use-api.ts';
import { useNow } from '../parts/instant.tsx';

export interface Window {
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

/** Milliseconds, from the narrowest to the widest. */
export const spans: readonly number[] = [
  5 * 60_000,
  15 * 60_000,
  3_600_000,
  6 * 3_600_000,
  86_400_000,
  7 * 86_400_000,
  30 * 86_400_000,
  365 * 86_400_000,
];
export const buckets = 96;

/** When the log begins. */
export function useBeginning(): number | null {
  const { data } = useApi<Page<LogEvent>>('/events?order=asc&limit=1', { past: true });
  const first = data?.items[0];
  return first === undefined ? null : Date.parse(first.recordedAt);
}

/** @param span milliseconds; null: as much as there is, an hour at most */
export function useWindow(span: number | null, instant: number | null): Window {
  const now = useNow(true, 2_000);
  const beginning = useBeginning() ?? now - 3_600_000;
  const width = span ?? spans.find((one) => one >= Math.min(now - beginning, 3_600_000)) ?? 3_600_000;
  const grain = width / buckets;
  const end = Math.ceil(now / grain) * grain;
  if (instant === null || instant >= end - width) return { from: end - width, to: end };
  const to = Math.min(end, Math.ceil((instant + width / 2) / grain) * grain);
  return { from: to - width, to };
}
