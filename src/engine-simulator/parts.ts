/** Puts the simulated engine together from its parts; nothing here listens yet. */
import { createAddressPool } from './addresses.ts';
import { type Attachments, createAttachments } from './attachments.ts';
import { createCheckpoint } from './checkpoints.ts';
import { createClock } from './clock.ts';
import { type ContainerEvents, createContainerEvents } from './container-events.ts';
import { createContainers } from './containers.ts';
import type { Engine } from './engine.ts';
import { createEventStreams } from './event-streams.ts';
import type { Faults } from './faults.ts';
import { createHealthMonitor, type HealthMonitor } from './health.ts';
import { createImages } from './images.ts';
import { createJournal } from './journal.ts';
import type { Loopback } from './loopback.ts';
import { createNetworks } from './networks.ts';
import type { Random } from './random.ts';
import { createRegistry } from './registry.ts';
import { createRunner, type Runner } from './runner.ts';
import type { Timings } from './timings.ts';

export interface Parts {
  readonly engine: Engine;
  readonly attachments: Attachments;
  readonly health: HealthMonitor;
  readonly runner: Runner;
  readonly containerEvents: ContainerEvents;
}

export function createParts(deps: {
  readonly id: string;
  readonly random: Random;
  readonly timings: Timings;
  readonly faults: Faults;
  /** null until the engine is started. */
  readonly loopback: () => Loopback | null;
  /** Whether the daemon is there. */
  readonly isUp: () => boolean;
}): Parts {
  const { id, random, timings, faults, loopback, isUp } = deps;
  const clock = createClock();
  const journal = createJournal({ clock, faults, patience: timings.publish });
  const pool = createAddressPool(
    () => loopback()?.block ?? 0,
    () => loopback()?.shared ?? null,
  );
  const networks = createNetworks({ clock, journal, random, pool });
  const images = createImages(clock.now, journal);
  const registry = createRegistry(random);
  const checkpoint = createCheckpoint(faults);
  const containerEvents = createContainerEvents(journal, random);
  const list = registry.list;
  const attachments = createAttachments({ networks, events: containerEvents, random, list, checkpoint });
  const health = createHealthMonitor({ clock, events: containerEvents, interval: timings.probe, checkpoint });
  const shared = { clock, registry, events: containerEvents, attachments, health, checkpoint };
  const runner = createRunner({ ...shared, timings, faults, isUp });
  const containers = createContainers({ ...shared, random, runner });
  const events = createEventStreams(journal, clock, faults);
  const name = 'simulator';
  const engine = { id, name, clock, timings, journal, containers, images, networks, events };
  return { engine, attachments, health, runner, containerEvents };
}
