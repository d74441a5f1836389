/** Counts refused calls and records them together, so that strangers cannot grow the log. */
import type { DataOf } from '../events/event.ts';

export interface RefusalCounter {
  count(reason: string): void;
  /** Records what has been counted. */
  stop(): void;
}

interface Tally {
  count: number;
  readonly from: number;
  to: number;
}

/** Milliseconds between two records of one reason. */
const interval = 60_000;

export function createRefusalCounter(
  record: (data: DataOf<'CommandRefused'>) => void,
  now: () => number,
): RefusalCounter {
  const tallies = new Map<string, Tally>();
  let timer: NodeJS.Timeout | null = null;

  function flush(): void {
    timer = null;
    for (const [reason, { count, from, to }] of tallies) {
      record({ reason, count, from: new Date(from).toISOString(), to: new Date(to).toISOString() });
    }
    tallies.clear();
  }

  return {
    count(reason) {
      const tally = tallies.get(reason) ?? { count: 0, from: now(), to: 0 };
      tally.count += 1;
      tally.to = now();
      tallies.set(reason, tally);
      if (timer !== null) return;
      timer = setTimeout(flush, interval);
      timer.unref();
    },
    stop() {
      if (timer !== null) clearTimeout(timer);
      flush();
    },
  };
}
