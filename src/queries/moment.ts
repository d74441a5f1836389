/** A moment of the log, as people name it: resolved to the last position of that time. */
import type { DatabaseFile } from '../db/open.ts';
import { isSetBack, type LogHead } from '../log/port.ts';
import { createInstants } from './instants.ts';
import type { At } from './port.ts';

export interface Moment {
  /** 0: before the log began. */
  readonly position: number;
  /** Milliseconds since the epoch, if an instant was asked for; null for a position. */
  readonly instant: number | null;
  /** It is not one that was named: what is said of it is joined with what only the live side knows. */
  readonly isNow?: true;
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

/** @returns the moment. @throws {BadMoment} it lies in the future, or cannot be told as the clock was set back */
export function createMoments(
  log: DatabaseFile,
  head: () => LogHead,
  clock: () => number = Date.now,
): (at: At) => Moment {
  const instants = createInstants(log);

  function positionAt(instant: number): number {
    const [now, last] = [clock(), head()];
    if (instant > Math.max(now, last.recordedAt)) {
      const [asked, allowed] = [instant, now].map(iso);
      throw new BadMoment(`${asked} lies in the future; an instant up to now (${allowed}) is allowed`);
    }
    const position = instants.lastUntil(instant);
    if (isSetBack(now, last) && position === instants.lastUntil(now)) {
      throw new BadMoment(
        `${iso(instant)} cannot be told: the clock was set back, and until it gets there events are recorded at ` +
          `${iso(last.recordedAt)}; position:N is allowed, up to ${position} before that and to ${last.position} since`,
      );
    }
    return Math.max(0, position);
  }

  return (at) => {
    if (at.kind === 'instant') return { position: positionAt(at.instant), instant: at.instant };
    const last = head().position;
    if (at.position > last)
      throw new BadMoment(`position ${at.position} does not exist yet; 0 to ${last} is allowed`);
    return { position: at.position, instant: null };
  };
}

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
