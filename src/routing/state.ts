/** The deciding state: what was observed, what is claimed, and what is routed. Folded from the log, never stored elsewhere. */

import type { CommandKind } from '../events/commands.ts';
import type { Policy } from '../events/decisions.ts';
import type { Actor } from '../events/event.ts';
import type {
  Branded,
  CommandId,
  ContainerId,
  EngineId,
  EventId,
  Host,
  Position,
  RouteId,
} from '../events/ids.ts';
import type { ContainerObservation } from '../events/observations.ts';
import type { Intent, Refusal } from './intent.ts';
import type { Route, Site } from './route.ts';

/** `ENGINE/ID`. */
export type ContainerKey = Branded<string, 'ContainerKey'>;
export const containerKey = (engine: EngineId, container: ContainerId): ContainerKey =>
  `${engine}/${container}` as ContainerKey;

/** What is known about a container beside its observations, for explanations only. */
export interface Story {
  /** The last commands through the API, oldest first: what came after its end did not cause it. */
  commands: readonly {
    readonly id: CommandId;
    readonly at: number;
    readonly kind: CommandKind;
    readonly actor: Actor;
    /** Milliseconds until which it may have effects; null while it has no outcome. */
    readonly until: number | null;
    /** It has had its signal to end the container: another one is not its own. */
    readonly told: boolean;
  }[];
  /** When it was last sent a signal that is meant to end it, milliseconds. */
  killed: {
    readonly at: number;
    /** Whether a command through the API was open. */
    readonly asked: boolean;
    /** Whether it was given no chance to end by itself. */
    readonly outright: boolean;
    /** Whether SIGKILL was among them. */
    readonly forced: boolean;
    /** Whether it was sent one that no command through the API explains, now or shortly before. */
    readonly outside: boolean;
  } | null;
  /** When the engine last told that a process of it was killed for want of memory, milliseconds. */
  starved: number | null;
  /** When it was seen to have been started again, milliseconds: the last few minutes of them. */
  restarts: readonly number[];
}

/** Milliseconds for which restarts are remembered and told of. */
export const restartMemory = 300_000;

/** Milliseconds in which a command or a signal is followed by what it was meant for. */
export const soon = 30_000;

export interface Container {
  readonly key: ContainerKey;
  readonly engine: EngineId;
  observation: ContainerObservation;
  /** The event of the last observation; what decisions about this container are caused by. */
  observedBy: EventId;
  /** Since when it is not alive, milliseconds; null while it is. */
  stoppedSince: number | null;
  /** Its last observation could not be read: nothing of it is served until a new one. */
  unreadable: boolean;
  /** Position since which it wants each site: the earlier claim stands. */
  readonly claimedSince: Map<Site, Position>;
  readonly story: Story;
  /** Derived from observation and policy; never stored. */
  intent: Intent;
}

/** What is recorded as refused, per container. */
export interface RecordedRefusal extends Refusal {
  readonly position: Position;
  readonly since: number;
}

export interface EngineLink {
  readonly id: EngineId;
  readonly connected: boolean;
  readonly since: number;
}

/** A command without an outcome yet. */
export interface OpenCommand {
  readonly command: CommandId;
  readonly kind: CommandKind;
  readonly name: string | null;
  readonly container: ContainerId | null;
  readonly engine: EngineId | null;
  readonly requestedBy: EventId;
}

export interface State {
  position: Position;
  /** `recordedAt` of the last event folded. */
  recordedAt: number;
  policy: Policy | null;
  engine: EngineLink | null;
  /** The last signal in the log: from where an engine's history is resumed. */
  lastSignal: { readonly engine: EngineId; readonly timeNano: string } | null;
  readonly containers: Map<ContainerKey, Container>;
  readonly routes: Map<RouteId, Route>;
  readonly refusals: Map<ContainerKey, readonly RecordedRefusal[]>;
  readonly commands: Map<CommandId, OpenCommand>;
  /** Who wants a site. Derived. */
  readonly contenders: Map<Site, Set<ContainerKey>>;
  /** The route that last had a site: its owner holds the claim. Derived. */
  readonly lastRoute: Map<Site, RouteId>;
  /** Sites of each host that is wanted now, or was ever routed. Derived. */
  readonly sites: Map<Host, Set<Site>>;
  /** Routes whose closing a container explains, though it may ask for their sites no longer. Derived. */
  readonly closings: Map<ContainerKey, Set<RouteId>>;
  /** What there is to say of the container that was lost last: the events that follow close its routes. Never stored. */
  departed: { readonly key: ContainerKey; readonly obituary: string } | null;
  /** The container that was observed last, if a list showed it and no signal told of it. Never stored. */
  found: ContainerKey | null;
  /** Containers that live in another one's network namespace. Derived. */
  readonly followers: Set<ContainerKey>;
}

export const createState = (): State => ({
  position: 0 as Position,
  recordedAt: 0,
  policy: null,
  engine: null,
  lastSignal: null,
  containers: new Map(),
  routes: new Map(),
  refusals: new Map(),
  commands: new Map(),
  contenders: new Map(),
  lastRoute: new Map(),
  sites: new Map(),
  closings: new Map(),
  departed: null,
  found: null,
  followers: new Set(),
});

export const containersOf = (state: State, site: Site): Container[] =>
  [...(state.contenders.get(site) ?? [])].map((key) => state.containers.get(key)!);

export function openRouteOf(state: State, site: Site): Route | null {
  const id = state.lastRoute.get(site);
  const route = id === undefined ? undefined : state.routes.get(id);
  return route !== undefined && route.targets.length > 0 ? route : null;
}

/** The open route at a site, else the one that was closed there last. */
export function lastRouteOf(state: State, site: Site): Route | null {
  const id = state.lastRoute.get(site);
  return (id === undefined ? undefined : state.routes.get(id)) ?? null;
}

/** Those that live in this container's network namespace: they are reached as it is, or not at all. */
export function followersOf(state: State, engine: EngineId, container: ContainerId): Container[] {
  if (state.followers.size === 0) return [];
  const mode = `container:${container}`;
  return [...state.followers]
    .map((key) => state.containers.get(key)!)
    .filter((follower) => follower.observation.spec.networkMode === mode && follower.engine === engine);
}

/** The set under a key, which is made if there is none. */
export function setAt<K, V>(map: Map<K, Set<V>>, key: K): Set<V> {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = new Set<V>();
  map.set(key, made);
  return made;
}
