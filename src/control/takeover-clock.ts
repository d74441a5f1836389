/** Wakes the loop when the next claim of an owner that is down runs out: nothing else that time alone decides is waited for. */
export interface TakeoverClock {
  /**
   * @param at milliseconds since the epoch; null for nothing to wait for
   * @param longest milliseconds to wait at most: where the clock was set back, what is due may seem to be days away
   */
  set(at: number | null, longest: number): void;
  /** For when it woke last, which may be later than the clock says; 0 before. */
  reached(): number;
  /** What was due could not be decided, which is a defect: trying it again at once would be in vain. */
  slowDown(): void;
  /** It was decided: what comes next is due in its time. */
  keepUp(): void;
  stop(): void;
}

/** Milliseconds between two wakings at least. */
const pause = 10;
const pauseAfterDefect = 60_000;

export function createTakeoverClock(wake: () => void, now: () => number): TakeoverClock {
  let timer: NodeJS.Timeout | null = null;
  let least = pause;
  let awaited = 0;
  let reached = 0;

  function stop(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  }

  function ring(): void {
    timer = null;
    reached = awaited;
    wake();
  }

  return {
    set(at, longest) {
      const wait = at === null ? 0 : at - now();
      // What is cut short is waited for once, however often it is set meanwhile.
      if (timer !== null && at === awaited && wait > longest) return;
      stop();
      if (at === null) return;
      awaited = at;
      timer = setTimeout(ring, Math.max(least, Math.min(wait, longest))).unref();
    },
    reached: () => reached,
    slowDown() {
      least = pauseAfterDefect;
    },
    keepUp() {
      least = pause;
    },
    stop,
  };
}
