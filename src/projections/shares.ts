/** Which projections are folded on which of two threads: so that both take about as long, and the smaller file is copied. */
import { audit } from './audit.ts';
import { containers } from './containers.ts';
import { eventIndex } from './event-lookup.ts';
import type { Projection } from './projection.ts';
import { allProjections } from './registry.ts';

/** It reads all events, and so finds each that cannot be read; the first share leaves out those that none of its projections look at. */
export const secondShare: readonly Projection[] = [audit, eventIndex, containers];
export const firstShare: readonly Projection[] = allProjections.filter(
  (projection) => !secondShare.includes(projection),
);
