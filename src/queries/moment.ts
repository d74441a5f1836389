/** A moment of the log, as people name it: resolved to the last position of that time. */
import type { DatabaseFile } from '../db/open.ts';
import { createInstants } from './instants.ts';
import type { At } from './port.ts';

export interface Moment {
  /** 0: before the log began. */
  readonly position: number;
  /** Milliseconds since the epoch, if an instant was asked for; null for a position. */
  readonly instant: number | null;
}

export type MomentField = 'at' | 'from' | 'to';

/** A moment that has not come yet, or one after the moment that it should precede. */
export class BadMoment extends Error {
  override readonly name = 'BadMoment';
  /** The parameter that named it. */
  readonly field: MomentField;
  constructor(message: string, field: MomentField = 'at') {
    super(message);
    this.field = field;
  }
}

/** @returns the moment. @throws {BadMoment} it lies in the future */
export function createMoments(log: DatabaseFile, head: () => number): (at: At) => Moment {
  const instants = createInstants(log);
  return (at) => {
    if (at.kind === 'position') {
      if (at.position > head()) {
        throw new BadMoment(`position ${at.position} does not exist yet; 0 to ${head()} is allowed`);
      }
      return { position: at.position, instant: null };
    }
    const now = Date.now();
    if (at.instant > now) {
      const [asked, allowed] = [at.instant, now].map((time) => new Date(time).toISOString());
      throw new BadMoment(`${asked} lies in the future; an instant up to now (${allowed}) is allowed`);
    }
    return { position: Math.max(0, instants.lastUntil(at.instant)), instant: at.instant };
  };
}
