/** What answers lack while the projections cannot follow the log. */

export interface Stale {
  /** Up to here answers know the log. */
  readonly position: number;
  readonly reason: string;
}

/** Projections that moments are told from; where another one has stopped, those are told all the same. */
export const ofMoments: ReadonlySet<string> = new Set(['routes', 'route_history', 'host_entries']);

/** Also the text of a header: one line of ASCII. */
export const staleText = ({ position, reason }: Stale): string =>
  `answers know the log up to position ${position} only: ${reason}`.replace(/[^ -~]/g, '?');
