/** Wakes the loop when the next claim of an owner that is down runs out: nothing else that time alone decides is waited for. */
export interface TakeoverClock {
  /** @param at milliseconds since the epoch; null for nothing to wait for */
  set(at: number | null): void;
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

  function stop(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  }

  return {
    set(at) {
      stop();
      if (at !== null) timer = setTimeout(wake, Math.max(least, at - now())).unref();
    },
    slowDown() {
      least = pauseAfterDefect;
    },
    keepUp() {
      least = pause;
    },
    stop,
  };
}
