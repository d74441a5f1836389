/**
 * Takes what had piled up on a stream while the process stood still, and not more than that.
 *
 * The engine waits 100 ms for a subscriber that is 1,024 events behind and then skips it without a mark. So what piled up
 * is whole, and a hole may lie between its end and the first event after the standstill. Nothing later than the
 * standstill is taken from this stream: the next subscription has to prove that it continues from the last of these.
 */
import type { StallTimings } from './timings.ts';

export interface Drain {
  /** False for a message from after the standstill; the drain is over then. */
  accepts(timeNano: bigint): boolean;
  stop(): void;
}

/** A margin for the difference of clocks: to stop too early is safe. */
const margin = 500_000_000n;

/** @param now nanoseconds on the engine's clock when the standstill was noticed */
export function drainUntilQuiet(timings: StallTimings, now: bigint, onDone: () => void): Drain {
  let done = false;
  const finish = () => {
    if (done) return;
    done = true;
    stop();
    onDone();
  };
  const bound = setTimeout(finish, timings.drain);
  let quiet = setTimeout(finish, timings.quiet);
  function stop(): void {
    clearTimeout(bound);
    clearTimeout(quiet);
  }
  return {
    accepts(timeNano) {
      if (done) return false;
      if (timeNano >= now - margin) {
        finish();
        return false;
      }
      clearTimeout(quiet);
      quiet = setTimeout(finish, timings.quiet);
      return true;
    },
    stop,
  };
}
