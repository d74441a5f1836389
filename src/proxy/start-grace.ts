/** How long a connection that is refused is tried again: a container that has just started may not accept yet. */
import type { Target } from '../events/decisions.ts';

/** Milliseconds between two tries. Most programs listen soon after their start, and few connections are spent on one that does not. */
const shortest = 2;
const longest = 50;

/** A class, as each request makes one. */
export class Patience {
  readonly #grace: number;
  readonly #now: () => number;
  readonly #since: number;
  #last = '';

  /** @param grace milliseconds from a container's start */
  constructor(grace: number, now: () => number) {
    this.#grace = grace;
    this.#now = now;
    this.#since = now();
  }

  /** Why the last connection was not made. */
  note(code: string): void {
    this.#last = code;
  }

  /** Milliseconds until the next try: the longer it has taken, the longer. */
  get pause(): number {
    return Math.min(Math.max(shortest, (this.#now() - this.#since) / 2), longest);
  }

  /** Whether one of these may still come up. */
  isWorthWaiting(targets: readonly Target[]): boolean {
    const now = this.#now();
    // The engine's clock may be another one: no request waits longer than the grace itself.
    if (now - this.#since >= this.#grace) return false;
    return targets.some((target) => now - Date.parse(target.startedAt) < this.#grace);
  }

  /** The last connection was not refused, it got no answer at all. */
  timedOut(): boolean {
    return this.#last === 'UND_ERR_CONNECT_TIMEOUT' || this.#last === 'ETIMEDOUT';
  }
}
