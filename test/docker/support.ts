/** What the tests of src/docker share: a sink that records, waits with deadlines, and raw engines on unix sockets. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type {
  EngineInfo,
  EngineSink,
  Gap,
  KnownContainer,
  Placement,
  Sighting,
  SightingCause,
  Signal,
} from '../../src/docker/engine.ts';
import { createConceal } from '../../src/docker/secrets.ts';
import type { ContainerId, EngineId } from '../../src/events/ids.ts';

export const quietLogger = pino({ level: process.env['TEST_LOG'] ?? 'silent' });
export const conceal = createConceal(Buffer.from('a key of the tests'));

/** On the engine's own machine, outside of its containers. */
export const locate = async (_: EngineInfo): Promise<Placement> => ({
  reach: { kind: 'network' },
  ownContainer: null,
});

export type Delivery =
  | { readonly kind: 'connected'; readonly info: EngineInfo }
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'signal'; readonly engine: EngineId; readonly signal: Signal }
  | {
      readonly kind: 'sighting';
      readonly engine: EngineId;
      readonly sighting: Sighting;
      readonly cause: SightingCause;
    }
  | { readonly kind: 'gap'; readonly engine: EngineId; readonly gap: Gap }
  | { readonly kind: 'caughtUp'; readonly engine: EngineId }
  | { readonly kind: 'drift'; readonly count: number };

export interface RecordingSink extends EngineSink {
  /** So many sightings had been delivered when each list was confirmed. */
  readonly confirmedAfter: number[];
  /** All that was delivered, in order. */
  readonly deliveries: Delivery[];
  /** What control would know: folded from the sightings. A test may change it to make a drift. */
  readonly knowledge: Map<ContainerId, KnownContainer>;
  of<K extends Delivery['kind']>(kind: K): Extract<Delivery, { kind: K }>[];
  signalTypes(container: string): string[];
  /** The container's newest sighting. */
  lastSighting(container: string): Sighting | undefined;
}

export function createRecordingSink(): RecordingSink {
  const deliveries: Delivery[] = [];
  const knowledge = new Map<ContainerId, KnownContainer>();
  const of = <K extends Delivery['kind']>(kind: K) =>
    deliveries.filter((delivery): delivery is Extract<Delivery, { kind: K }> => delivery.kind === kind);
  const confirmedAfter: number[] = [];
  return {
    confirmedAfter,
    deliveries,
    knowledge,
    of,
    signalTypes: (container) =>
      of('signal').flatMap(({ signal }) => (signal.container === container ? [signal.type] : [])),
    lastSighting: (container) =>
      of('sighting')
        .map(({ sighting }) => sighting)
        .findLast((sighting) => idOf(sighting) === container),
    connected: (info) => void deliveries.push({ kind: 'connected', info }),
    lost: (reason) => void deliveries.push({ kind: 'lost', reason }),
    signal: (engine, signal) => void deliveries.push({ kind: 'signal', engine, signal }),
    sighting(engine, sighting, cause) {
      deliveries.push({ kind: 'sighting', engine, sighting, cause });
      learn(knowledge, sighting);
    },
    gap: (engine, gap) => void deliveries.push({ kind: 'gap', engine, gap }),
    confirmed: () => void confirmedAfter.push(of('sighting').length),
    caughtUp: (engine) => void deliveries.push({ kind: 'caughtUp', engine }),
    drift: (count) => void deliveries.push({ kind: 'drift', count }),
    known: () => knowledge,
  };
}

export const idOf = (sighting: Sighting): ContainerId =>
  sighting.kind === 'lost' ? sighting.container : sighting.observation.container;

function learn(knowledge: Map<ContainerId, KnownContainer>, sighting: Sighting): void {
  if (sighting.kind === 'lost') {
    knowledge.delete(sighting.container);
    return;
  }
  const { container, name, status, health, startedAt, networks } = sighting.observation;
  const addresses = new Map(networks.map((network) => [network.name, network.address]));
  knowledge.set(container, { name, status, health, startedAt, addresses });
}

/** Waits until `condition` gives something other than false, null or undefined; fails after the deadline. */
export async function eventually<T>(
  what: string,
  condition: () => T | Promise<T>,
  deadline = 10_000,
): Promise<NonNullable<Exclude<T, false>>> {
  const until = performance.now() + deadline;
  while (performance.now() < until) {
    const value = await condition();
    if (value !== false && value !== null && value !== undefined)
      return value as NonNullable<Exclude<T, false>>;
    await sleep(10);
  }
  throw new Error(`not within ${deadline} ms: ${what}`);
}
