/** The engine's clock: nanoseconds that never repeat, unless somebody steps it. */
export interface Clock {
  /** Nanoseconds since the epoch. */
  now(): bigint;
  /** Sets the clock forth or back by milliseconds. */
  step(milliseconds: number): void;
}

/** Nanoseconds by which the two clocks of the system may part before the wall clock is believed again. */
const drift = 50_000_000n;

export function createClock(): Clock {
  const wall = (): bigint => BigInt(Date.now()) * 1_000_000n;
  // The wall clock has milliseconds only; the rest comes from the monotonic one.
  let base = wall() - process.hrtime.bigint();
  let offset = 0n;
  let last = 0n;
  const read = (): bigint => {
    const time = base + process.hrtime.bigint();
    const apart = time - wall();
    if (apart > drift || apart < -drift) base = wall() - process.hrtime.bigint();
    return base + process.hrtime.bigint() + offset;
  };
  return {
    now() {
      const time = read();
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
  const fraction = (nanoseconds % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '');
  return fraction === '' ? `${seconds}Z` : `${seconds}.${fraction}Z`;
}

/** What the API shows for a time that never came. */
export const never = '0001-01-01T00:00:00Z';
