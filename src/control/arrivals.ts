/**
 * Tells the proxy of containers that may be reachable in a moment, so that whoever asks for them waits: from the signal of a
 * creation or a start until what an inspection showed after it is in the workers' tables. The engine joins a container to its
 * network first, then starts it, and answers no inspection of it meanwhile. So the inspection for the signal of its network
 * lasts as long as the start does, and is under way before whoever asked for the start has an answer.
 */
import type { Signal } from '../docker/engine.ts';
import type { EngineId, Host } from '../events/ids.ts';
import { hostsAskedBy } from '../routing/intent.ts';
import { type ContainerKey, containerKey, type State } from '../routing/state.ts';
import type { Arrival } from '../routing/table.ts';
import { heralds } from './heralds.ts';

export interface Arrivals {
  /** @param inspected resolves when what the container is like after the signal has been handed to the loop, or will not be for a while */
  signalled(engine: EngineId, signal: Arriving, inspected: Promise<void>): void;
}

type Arriving = Pick<Signal, 'type' | 'container' | 'claimed' | 'labels'>;

export interface ArrivalsDeps {
  /** As it is on disk. */
  readonly state: () => State;
  /** Resolves when what was handed to the loop before is in the workers' tables. */
  readonly settled: () => Promise<void>;
  readonly tell: (arrival: Arrival) => void;
}

/** Milliseconds after which an inspection is waited for no more: starts take some tenths of a second, on a busy machine a few whole ones. */
const patience = 5_000;

interface Awaited {
  /** Inspections. */
  open: number;
  /** What the workers were told. */
  hosts: readonly Host[];
}

export function createArrivals({ state, settled, tell }: ArrivalsDeps): Arrivals {
  const awaited = new Map<ContainerKey, Awaited>();

  function begin(key: ContainerKey, signal: Arriving): Awaited {
    const hosts = hostsOf(state(), key, signal);
    const one = awaited.get(key) ?? { open: 0, hosts: [] };
    awaited.set(key, one);
    one.open += 1;
    tellOf(key, one, hosts ?? one.hosts);
    return one;
  }

  function end(key: ContainerKey, one: Awaited): void {
    one.open -= 1;
    if (one.open > 0) return;
    awaited.delete(key);
    tellOf(key, one, []);
  }

  function tellOf(key: ContainerKey, one: Awaited, hosts: readonly Host[]): void {
    if (hosts.length === one.hosts.length && hosts.every((host, at) => host === one.hosts[at])) return;
    one.hosts = hosts;
    tell({ key, hosts });
  }

  return {
    signalled(engine, signal, inspected) {
      if (!isHerald(signal)) return;
      const key = containerKey(engine, signal.container);
      const one = begin(key, signal);
      let isOver = false;
      const over = (): void => {
        clearTimeout(timer);
        if (!isOver) end(key, one);
        isOver = true;
      };
      const timer = setTimeout(over, patience).unref();
      inspected.then(settled).then(over, over);
    },
  };
}

/** Of those of health it is the good one. */
const isHerald = ({ type, claimed }: Arriving): boolean =>
  heralds.has(type) && (type !== 'ContainerHealthChanged' || claimed.health === 'healthy');

/**
 * By what is known of it, else by what the engine tells of it with a signal: nothing is served by that, it is only waited for.
 * @returns null where that is nothing
 */
function hostsOf(
  { containers, policy }: State,
  key: ContainerKey,
  { container, claimed: { name }, labels }: Arriving,
): Host[] | null {
  const known = containers.get(key);
  if (known !== undefined) return [...new Set(known.intent.claims.map(({ match }) => match.host))];
  if (name === undefined || policy === null) return null;
  return hostsAskedBy({ container, name, spec: { labels } }, policy);
}
