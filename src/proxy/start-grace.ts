/** How long a connection that is refused is tried again: a container that has just started may not accept yet. */
import type { Target } from '../events/decisions.ts';

export interface Patience {
  /** Milliseconds between two tries. */
  readonly pause: number;
  /** Why the last connection was not made. */
  note(code: string): void;
  /** Whether one of these may still come up. */
  isWorthWaiting(targets: readonly Target[]): boolean;
  /** The last connection was not refused, it got no answer at all. */
  timedOut(): boolean;
}

/** @param grace milliseconds from a container's start */
export function createPatience(grace: number, now: () => number): Patience {
  const since = now();
  let last = '';
  return {
    pause: 50,
    note(code) {
      last = code;
    },
    // The engine's clock may be another one: no request waits longer than the grace itself.
    isWorthWaiting: (targets) =>
      now() - since < grace && targets.some((target) => now() - Date.parse(target.startedAt) < grace),
    timedOut: () => last === 'UND_ERR_CONNECT_TIMEOUT' || last === 'ETIMEDOUT',
  };
}
