/** Notices that the process stood still (SIGSTOP, a suspended machine, a blocked loop) while events piled up. */
import type { StallTimings } from './timings.ts';

export interface StallWatch {
  /**
   * To be called before anything that came in is read: after a stall, sockets may be served before timers. Calls
   * back if time has jumped.
   */
  check(): void;
  stop(): void;
}

export function watchStalls(timings: StallTimings, onStall: () => void): StallWatch {
  let monotonic = performance.now();
  let wall = Date.now();
  function check(): void {
    const jumped = Math.max(performance.now() - monotonic, Date.now() - wall);
    monotonic = performance.now();
    wall = Date.now();
    // The monotonic clock stands still while the machine is suspended, the wall clock does not.
    if (jumped > timings.jump) onStall();
  }
  const timer = setInterval(check, timings.tick);
  return { check, stop: () => clearInterval(timer) };
}
