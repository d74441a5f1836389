/** Counts what a worker did since its start. */
import type { ProxyCounters } from './messages.ts';

export interface Counters {
  request(): void;
  upgrade(): void;
  /** A response that was passed on, by its status. */
  passed(status: number): void;
  own(status: number): void;
  retry(): void;
  bytes(inward: number, outward: number): void;
  read(open: number): ProxyCounters;
}

export function createCounters(): Counters {
  let requests = 0;
  let upgrades = 0;
  let retries = 0;
  let bytesIn = 0;
  let bytesOut = 0;
  const answers: Record<string, number> = {};
  const own: Record<string, number> = {};
  const count = (tally: Record<string, number>, key: string): void => {
    tally[key] = (tally[key] ?? 0) + 1;
  };
  return {
    request() {
      requests += 1;
    },
    upgrade() {
      upgrades += 1;
    },
    passed: (status) => count(answers, classOf(status)),
    own(status) {
      count(answers, classOf(status));
      count(own, String(status));
    },
    retry() {
      retries += 1;
    },
    bytes(inward, outward) {
      bytesIn += inward;
      bytesOut += outward;
    },
    read: (open) => ({
      requests,
      upgrades,
      open,
      answers: { ...answers },
      own: { ...own },
      retries,
      bytesIn,
      bytesOut,
    }),
  };
}

const classes = Array.from({ length: 10 }, (_, first) => `${first}xx`);
const classOf = (status: number): string => classes[Math.floor(status / 100)]!;

/** Adds the counters of several workers. */
export function sumCounters(all: readonly ProxyCounters[]): ProxyCounters {
  const add = (one: Readonly<Record<string, number>>, other: Readonly<Record<string, number>>) => {
    const sum = { ...one };
    for (const [key, value] of Object.entries(other)) sum[key] = (sum[key] ?? 0) + value;
    return sum;
  };
  const none = createCounters().read(0);
  return all.reduce(
    (sum, one) => ({
      requests: sum.requests + one.requests,
      upgrades: sum.upgrades + one.upgrades,
      open: sum.open + one.open,
      answers: add(sum.answers, one.answers),
      own: add(sum.own, one.own),
      retries: sum.retries + one.retries,
      bytesIn: sum.bytesIn + one.bytesIn,
      bytesOut: sum.bytesOut + one.bytesOut,
    }),
    none,
  );
}
