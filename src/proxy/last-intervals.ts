/** Asks control when a host was served last, for the page that says why it is not: workers read no log. */
import type { LastInterval } from './messages.ts';

export interface LastIntervals {
  /** Newest first; none where control does not say in time, or is asked too much. Never rejects. */
  of(host: string): Promise<readonly LastInterval[]>;
  answered(id: number, intervals: readonly LastInterval[]): void;
}

/** Milliseconds that a page waits for them. */
const patience = 300;
/** Questions under way: whoever loads error pages as fast as he can gets them without. */
const most = 8;

export function createLastIntervals(ask: (id: number, host: string) => void): LastIntervals {
  const waiting = new Map<number, (intervals: readonly LastInterval[]) => void>();
  let asked = 0;
  return {
    async of(host) {
      if (waiting.size >= most) return [];
      asked += 1;
      const id = asked;
      const { promise, resolve } = Promise.withResolvers<readonly LastInterval[]>();
      waiting.set(id, resolve);
      const timer = setTimeout(resolve, patience, []);
      ask(id, host);
      const intervals = await promise;
      clearTimeout(timer);
      waiting.delete(id);
      return intervals;
    },
    answered: (id, intervals) => waiting.get(id)?.(intervals),
  };
}
