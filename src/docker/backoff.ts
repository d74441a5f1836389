/** How long to wait before the next attempt. */
export interface Backoff {
  /** Milliseconds: doubled each time up to the longest, then shortened at random by up to half so that many do not come at once. */
  next(): number;
  reset(): void;
}

export function createBackoff(first: number, longest: number): Backoff {
  let attempt = 0;
  return {
    next() {
      const full = Math.min(longest, first * 2 ** Math.min(attempt, 20));
      attempt += 1;
      return Math.round(full * (1 - Math.random() / 2));
    },
    reset() {
      attempt = 0;
    },
  };
}
