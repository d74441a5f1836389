/** Takes what the engine's watcher delivers and hands it to the loop, in order, saying what was only inferred. */
import type { EngineInfo, EngineSink, Gap, KnownContainer, Placement, Sighting } from '../docker/engine.ts';
import type { Policy } from '../events/decisions.ts';
import type { ContainerId, EngineId } from '../events/ids.ts';
import { uniqueKey } from '../events/keys.ts';
import type { State } from '../routing/state.ts';
import type { Arrivals } from './arrivals.ts';
import type { Leaving } from './leaving.ts';
import type { Loop } from './loop.ts';
import { journal } from './notes.ts';

export interface SinkDeps {
  readonly loop: Loop;
  readonly policyAt: (placement: Placement) => Policy;
  /** What a list showed to be otherwise than known has been taken in and is on disk. */
  readonly onConfirmed: () => void;
  readonly onConnected: (info: EngineInfo) => void;
  readonly onLost: (reason: string) => void;
  /** Before it is on disk, as closings act at once. */
  readonly onSignalled: Leaving['signalled'];
  /** Before it is on disk, too: whoever asks from now on is to wait. */
  readonly onArriving: Arrivals['signalled'];
  readonly onDrift: (count: number) => void;
  readonly onError: (error: unknown) => void;
  /** RFC 3339: the last sign of life of the run before; null on the first. */
  readonly lastAlive: string | null;
  readonly now: () => number;
}

export function createSink(deps: SinkDeps): EngineSink {
  const { loop, now } = deps;
  /** Until when the engine was followed without a break; what a list shows later happened after it. */
  let knownUntil = deps.lastAlive;
  let connected = false;

  function leaveOtherEngines(state: State, engine: EngineId): void {
    for (const container of state.containers.values()) {
      if (container.engine === engine) continue;
      const { container: id } = container.observation;
      loop.submit({
        kind: 'lost',
        engine: container.engine,
        container: id,
        reason: 'engine-replaced',
        between: between(),
      });
    }
  }

  const between = (): [string | null, string] => [knownUntil, new Date(now()).toISOString()];

  /** A list that shows a change no signal told of is an inference, unless there is nothing it could have changed from. */
  const inference = (cause: 'signal' | 'list'): [string | null, string] | null =>
    cause === 'list' && knownUntil !== null ? between() : null;

  function take(engine: EngineId, sighting: Sighting, cause: 'signal' | 'list'): void {
    if (sighting.kind === 'observed') {
      loop.submit({ kind: 'observed', engine, observation: sighting.observation, between: inference(cause) });
    } else {
      const { container, reason } = sighting;
      loop.submit({ kind: 'lost', engine, container, reason, between: inference(cause) });
    }
  }

  /** What one container asks for must not end the stream of all. */
  function announce(...arriving: Parameters<SinkDeps['onArriving']>): void {
    try {
      deps.onArriving(...arriving);
    } catch (error) {
      deps.onError(error);
    }
  }

  return {
    connected(info, placement) {
      connected = true;
      leaveOtherEngines(loop.state(), info.id);
      const { name, version, apiVersion, operatingSystem } = info;
      loop.submit(journal('EngineConnected', { name, version, apiVersion, operatingSystem }, info.id, now()));
      loop.submit({ kind: 'policy', policy: deps.policyAt(placement), id: uniqueKey() });
      deps.onConnected(info);
    },
    lost(reason) {
      deps.onLost(reason);
      if (!connected) return;
      connected = false;
      knownUntil = new Date(now()).toISOString();
      const engine = loop.state().engine?.id ?? null;
      loop.submit(journal('EngineLost', { reason }, engine, now()));
    },
    signal(engine, signal, inspected) {
      const { kind: source, type, timeNano, action, container, claimed, attributeDigest } = signal;
      if (type === 'ContainerKilled') deps.onSignalled(engine, container, claimed.signal, timeNano);
      announce(engine, signal, inspected);
      loop.submit({
        kind: 'signal',
        engine,
        type,
        timeNano,
        source,
        action,
        container,
        claimed,
        attributeDigest,
      });
    },
    sighting: take,
    gap: (engine, gap) => loop.submit(journal('HistoryGapDetected', gapData(gap), engine, now())),
    confirmed() {
      loop.settled().then(deps.onConfirmed).catch(deps.onError);
    },
    caughtUp() {
      loop
        .settled()
        .then(() => {
          knownUntil = new Date(now()).toISOString();
        })
        .catch(deps.onError);
    },
    drift: deps.onDrift,
    known: (engine) => knownContainers(loop.state(), engine),
  };
}

const gapData = (gap: Gap) => ({
  from: gap.from === null ? null : rfc3339(gap.from),
  to: rfc3339(gap.to),
  reason: gap.reason,
});

/** Nanoseconds since the epoch as RFC 3339 with nine decimals. */
function rfc3339(nanoseconds: bigint): string {
  const seconds = new Date(Number(nanoseconds / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${(nanoseconds % 1_000_000_000n).toString().padStart(9, '0')}Z`;
}

function knownContainers(state: State, engine: EngineId): ReadonlyMap<ContainerId, KnownContainer> {
  const known = new Map<ContainerId, KnownContainer>();
  for (const container of state.containers.values()) {
    if (container.engine !== engine) continue;
    const { name, status, health, startedAt, networks } = container.observation;
    const addresses = new Map(networks.map((network) => [network.name, network.address]));
    known.set(container.observation.container, { name, status, health, startedAt, addresses });
  }
  return known;
}
