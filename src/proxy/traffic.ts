/** What each route carries: noted in the workers, summed over the last seconds on control's side. */
import { bucketOf, quantile } from './latency.ts';

/** What a route carried since the report before. */
export interface RouteTraffic {
  readonly route: string;
  readonly host: string;
  readonly requests: number;
  /** Answers of 500 and more, and those that broke off. */
  readonly errors: number;
  /** Bucket and count in turn: times from the head of a request to the end of its answer. */
  readonly times: readonly number[];
}

export interface TrafficNotes {
  note(route: { readonly id: string; readonly host: string }, milliseconds: number, failed: boolean): void;
  /** What was noted since the last call. */
  take(): readonly RouteTraffic[];
}

interface Note {
  readonly host: string;
  requests: number;
  errors: number;
  readonly times: Map<number, number>;
}

/** The worker's side. Costs nothing for routes that carry nothing. */
export function createTrafficNotes(): TrafficNotes {
  const notes = new Map<string, Note>();
  return {
    note({ id, host }, milliseconds, failed) {
      let note = notes.get(id);
      if (note === undefined) {
        note = { host, requests: 0, errors: 0, times: new Map() };
        notes.set(id, note);
      }
      note.requests += 1;
      if (failed) note.errors += 1;
      const bucket = bucketOf(milliseconds);
      note.times.set(bucket, (note.times.get(bucket) ?? 0) + 1);
    },
    take() {
      const taken = [...notes].map(([route, { host, requests, errors, times }]) => ({
        route,
        host,
        requests,
        errors,
        times: [...times].flat(),
      }));
      notes.clear();
      return taken;
    },
  };
}

/** Rates a second; times in milliseconds, null where nothing was carried. */
export interface TrafficItem {
  readonly route: string;
  readonly host: string;
  readonly requestsPerSecond: number;
  readonly errorsPerSecond: number;
  readonly p50: number | null;
  readonly p99: number | null;
}

export interface TrafficFigures {
  add(reports: readonly RouteTraffic[]): void;
  /** Over the last whole seconds, busiest first. */
  read(): { readonly seconds: number; readonly items: readonly TrafficItem[] };
}

/** Seconds that the figures look back. */
export const lookBack = 10;

interface Slot {
  second: number;
  readonly reports: RouteTraffic[];
}

/** @param now milliseconds that never go back */
export function createTrafficFigures(now: () => number): TrafficFigures {
  const slots: Slot[] = [];
  const second = (): number => Math.floor(now() / 1_000);
  const forget = (): void => {
    while (slots[0] !== undefined && slots[0].second < second() - lookBack) slots.shift();
  };
  return {
    add(reports) {
      forget();
      if (slots.at(-1)?.second !== second()) slots.push({ second: second(), reports: [] });
      slots.at(-1)!.reports.push(...reports);
    },
    read() {
      forget();
      const sums = new Map<string, Note>();
      for (const report of slots.flatMap(({ reports }) => reports)) join(sums, report);
      const items = [...sums].map(([route, sum]) => itemOf(route, sum));
      items.sort(
        (one, other) => other.requestsPerSecond - one.requestsPerSecond || (one.host < other.host ? -1 : 1),
      );
      return { seconds: lookBack, items };
    },
  };
}

function join(sums: Map<string, Note>, { route, host, requests, errors, times }: RouteTraffic): void {
  let sum = sums.get(route);
  if (sum === undefined) {
    sum = { host, requests: 0, errors: 0, times: new Map() };
    sums.set(route, sum);
  }
  sum.requests += requests;
  sum.errors += errors;
  for (let at = 0; at < times.length; at += 2)
    sum.times.set(times[at]!, (sum.times.get(times[at]!) ?? 0) + times[at + 1]!);
}

const itemOf = (route: string, { host, requests, errors, times }: Note): TrafficItem => ({
  route,
  host,
  requestsPerSecond: requests / lookBack,
  errorsPerSecond: errors / lookBack,
  p50: rounded(quantile(times, 0.5)),
  p99: rounded(quantile(times, 0.99)),
});

const rounded = (value: number | null): number | null =>
  value === null ? null : Number(value.toPrecision(3));
