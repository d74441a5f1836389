/**
 * Which projections are folded on which of two threads, so that both take about as long: the first begins at once, and has
 * more to do; the second has to start, and fewer events to read. Its tables are copied in the end.
 */
import { hostEntries } from './host-entries.ts';
import type { Projection } from './projection.ts';
import { allProjections } from './registry.ts';
import { routeHistory } from './route-history.ts';
import { routes } from './routes.ts';

/** It leaves out events that none of its projections look at; the first share reads all, and so finds each that cannot be read. */
export const secondShare: readonly Projection[] = [routes, routeHistory, hostEntries];
export const firstShare: readonly Projection[] = allProjections.filter(
  (projection) => !secondShare.includes(projection),
);
