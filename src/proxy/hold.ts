/** Holds requests until the engine's first list, each for a while. */
import type { Trust } from '../routing/table.ts';

export interface Hold {
  /** Runs at once, or when the table is vouched for, or when the request's time is over. */
  pass(trust: Trust, run: () => void): void;
  release(): void;
}

/** @param timeout milliseconds that a request waits; 0 for not at all */
export function createHold(timeout: number): Hold {
  const waiting = new Map<() => void, NodeJS.Timeout>();

  function end(run: () => void): void {
    clearTimeout(waiting.get(run));
    waiting.delete(run);
    run();
  }

  return {
    pass(trust, run) {
      if (trust !== 'holding' || timeout === 0) run();
      else waiting.set(run, setTimeout(end, timeout, run));
    },
    release() {
      for (const run of [...waiting.keys()]) end(run);
    },
  };
}
