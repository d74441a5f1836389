/** The parts of the simulated engine that its API serves. */
import type { Clock } from './clock.ts';
import type { Containers } from './containers.ts';
import type { EventStreams } from './event-streams.ts';
import type { Images } from './images.ts';
import type { Journal } from './journal.ts';
import type { Networks } from './networks.ts';
import type { Timings } from './timings.ts';

export interface Engine {
  /** As `GET /info` gives it in `ID`. */
  readonly id: string;
  /** The host's name. */
  readonly name: string;
  readonly clock: Clock;
  readonly timings: Timings;
  readonly journal: Journal;
  readonly containers: Containers;
  readonly images: Images;
  readonly networks: Networks;
  readonly events: EventStreams;
}
