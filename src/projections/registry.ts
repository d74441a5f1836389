/** All projections. */
import { audit } from './audit.ts';
import { containers } from './containers.ts';
import { eventIndex } from './event-lookup.ts';
import { hostEntries } from './host-entries.ts';
import type { Projection } from './projection.ts';
import { routeHistory } from './route-history.ts';
import { routes } from './routes.ts';

export const allProjections: readonly Projection[] = [
  routes,
  routeHistory,
  hostEntries,
  containers,
  audit,
  eventIndex,
];
