/** Holds requests until the engine's first list, for a while. */
import type { Trust } from '../routing/table.ts';

export interface Hold {
  /** Runs at once, or when the table is vouched for, or when the time is over. */
  pass(trust: Trust, run: () => void): void;
  release(): void;
}

/** @param timeout milliseconds that requests wait in all, from the first one on */
export function createHold(timeout: number): Hold {
  let waiting: (() => void)[] = [];
  let over = false;
  let timer: NodeJS.Timeout | null = null;

  function release(): void {
    over = true;
    if (timer !== null) clearTimeout(timer);
    const held = waiting;
    waiting = [];
    for (const run of held) run();
  }

  return {
    pass(trust, run) {
      if (trust !== 'holding' || over) {
        run();
        return;
      }
      waiting.push(run);
      timer ??= setTimeout(release, timeout);
    },
    release,
  };
}
