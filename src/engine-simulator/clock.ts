/** The engine's clock: nanoseconds that never repeat, unless somebody steps it. */
export interface Clock {
  /** Nanoseconds since the epoch. */
  now(): bigint;
  /** Sets the clock forth or back by milliseconds. */
  step(milliseconds: number): void;
}

export function createClock(): Clock {
  let offset = 0n;
  let last = 0n;
  return {
    now() {
      const time = BigInt(Date.now()) * 1_000_000n + offset;
      last = time > last ? time : last + 1n;
      return last;
    },
    step(milliseconds) {
      offset += BigInt(milliseconds) * 1_000_000n;
      last = 0n;
    },
  };
}

/** RFC 3339 with nanoseconds, as the Docker API writes times. */
export function instant(nanoseconds: bigint): string {
  const seconds = new Date(Number(nanoseconds / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${(nanoseconds % 1_000_000_000n).toString().padStart(9, '0')}Z`;
}
