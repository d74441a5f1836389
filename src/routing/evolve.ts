/** Folds one event into the deciding state, in place, and names the sites whose claims or targets may have changed. */
import type { CommandKind } from '../events/commands.ts';
import type { FoldedEvent } from '../events/event.ts';
import type { ContainerId, EngineId } from '../events/ids.ts';
import type { ContainerObservation } from '../events/observations.ts';
import type { SignalType } from '../events/signals.ts';
import { isEnding } from '../events/stop-signal.ts';
import { whatBecameOf, whyRemoved } from './explain.ts';
import { type Intent, intentOf, isAlive, type Refusal } from './intent.ts';
import { type Route, type Site, siteOf } from './route.ts';
import {
  type Container,
  type ContainerKey,
  containerKey,
  type RecordedRefusal,
  restartMemory,
  type State,
} from './state.ts';

const nothing: readonly Site[] = [];
const idle: Intent = { owner: '', claims: [], refusals: [], warnings: [] };

/** @returns sites to decide again; empty for events that change no claim */
export function evolve(state: State, event: FoldedEvent): readonly Site[] {
  state.position = event.position;
  state.recordedAt = event.recordedAt;
  switch (event.type) {
    case 'ContainerObserved':
      return observe(state, event);
    case 'ContainerLost':
      return lose(state, event);
    case 'PolicyApplied':
      state.policy = event.data.policy;
      return rebuildIntents(state);
    case 'RouteOpened':
    case 'RouteChanged':
      open(state, event);
      return nothing;
    case 'RouteClosed':
      close(state, event);
      return nothing;
    case 'RouteRefused':
      refuse(state, event);
      return nothing;
    case 'CommandRequested':
      requestCommand(state, event);
      return nothing;
    case 'CommandFailed':
      forgetCommand(state, event);
      state.commands.delete(event.data.command);
      return nothing;
    case 'CommandSucceeded':
    case 'CommandOutcomeUnknown':
      state.commands.delete(event.data.command);
      return nothing;
    case 'PortolanStarted':
      if (state.engine !== null)
        state.engine = { ...state.engine, connected: false, since: event.recordedAt };
      return sitesOfUnreadable(state);
    case 'EngineConnected':
      if (event.engineId !== null)
        state.engine = { id: event.engineId, connected: true, since: event.recordedAt };
      return nothing;
    case 'EngineLost':
      if (event.engineId !== null)
        state.engine = { id: event.engineId, connected: false, since: event.recordedAt };
      return nothing;
    case 'ContainerDied':
    case 'ContainerKilled':
    case 'ContainerOutOfMemory':
    case 'ContainerCreated':
    case 'ContainerStarted':
    case 'ContainerStopped':
    case 'ContainerPaused':
    case 'ContainerUnpaused':
    case 'ContainerRenamed':
    case 'ContainerUpdated':
    case 'ContainerHealthChanged':
    case 'ContainerDestroyed':
    case 'ContainerNetworkConnected':
    case 'ContainerNetworkDisconnected':
      tell(state, event);
      return nothing;
    case 'CommandRefused':
    case 'PortolanStopped':
    case 'HistoryGapDetected':
    case 'RecordingGapDetected':
    case 'SnapshotTaken':
    case 'LogCompacted':
    case 'PayloadRedacted':
      return nothing;
    default:
      event satisfies never;
      return nothing;
  }
}

/** A payload that no longer parses: nothing of its container or route is served until it is observed again. */
export function setAside(
  state: State,
  position: State['position'],
  recordedAt: number,
  streamId: string,
): void {
  state.position = position;
  state.recordedAt = recordedAt;
  const container = state.containers.get(streamId.replace(/^container:/, '') as ContainerKey);
  if (container !== undefined) {
    container.unreadable = true;
    reclaim(state, container);
  }
  const route = state.routes.get(streamId.replace(/^route:/, '') as Route['id']);
  if (route !== undefined) closeUnreadable(state, route, position, recordedAt);
}

/** Computes what is derived: intents, contenders, sites. For a state that comes from a snapshot. */
export function derive(state: State): void {
  for (const route of [...state.routes.values()].sort((one, other) => one.position - other.position)) {
    indexRoute(state, route);
    indexClosing(state, undefined, route);
  }
  rebuildIntents(state);
}

function observe(state: State, event: FoldedEvent & { type: 'ContainerObserved' }): readonly Site[] {
  if (event.engineId === null) return nothing;
  state.departed = null;
  const { occurredBetween: _, ...observation } = event.data;
  const key = containerKey(event.engineId, observation.container);
  const known = state.containers.get(key);
  const container = known ?? createContainer(key, event.engineId, observation);
  state.containers.set(key, container);
  const wasAlive = known !== undefined && isAlive(container.observation);
  noteRestart(state, container, observation, event.recordedAt);
  container.observation = observation;
  container.observedBy = event.id;
  container.unreadable = false;
  if (isAlive(observation)) container.stoppedSince = null;
  else if (wasAlive || container.stoppedSince === null) container.stoppedSince = event.recordedAt;
  if (!isAlive(observation)) state.refusals.delete(key);
  if (observation.spec.networkMode.startsWith('container:')) state.followers.add(key);
  else state.followers.delete(key);
  const touched = new Set(reclaim(state, container));
  for (const follower of followersOf(state, container)) {
    for (const site of reclaim(state, follower)) touched.add(site);
  }
  return [...touched];
}

function lose(state: State, event: FoldedEvent & { type: 'ContainerLost' }): readonly Site[] {
  if (event.engineId === null) return nothing;
  const key = containerKey(event.engineId, event.data.container);
  const container = state.containers.get(key);
  if (container === undefined) return nothing;
  const touched = new Set(container.intent.claims.map((claim) => claim.site));
  for (const site of touched) unclaim(state, site, key);
  keepObituaries(state, container);
  state.departed = { key, obituary: whyRemoved(container, event.recordedAt) };
  state.containers.delete(key);
  state.refusals.delete(key);
  state.followers.delete(key);
  for (const follower of followersOf(state, container)) {
    for (const site of reclaim(state, follower)) touched.add(site);
  }
  return [...touched];
}

/** What is said of a container ends with it, but for the routes that it was the last target of. */
function keepObituaries(state: State, container: Container): void {
  for (const id of state.closings.get(container.key) ?? []) {
    const route = state.routes.get(id)!;
    const closing = { ...route.closing!, obituary: whatBecameOf(container, route.closing!, route.since) };
    state.routes.set(id, { ...route, closing });
  }
}

function noteRestart(state: State, container: Container, next: ContainerObservation, at: number): void {
  const { startedAt } = container.observation;
  if (startedAt === null || next.startedAt === null || next.startedAt === startedAt) return;
  const { restarts, command } = container.story;
  // What ended it before does not explain how it ends the next time.
  container.story.killed = null;
  const isOver = command !== null && (command.kind === 'restart' || !state.commands.has(command.id));
  if (isOver) container.story.command = null;
  container.story.restarts = [...restarts.filter((one) => one > at - restartMemory), at].slice(-99);
}

function createContainer(key: ContainerKey, engine: EngineId, observation: ContainerObservation): Container {
  return {
    key,
    engine,
    observation,
    observedBy: '' as Container['observedBy'],
    stoppedSince: null,
    unreadable: false,
    claimedSince: new Map(),
    story: { command: null, killed: null, restarts: [] },
    intent: idle,
  };
}

function rebuildIntents(state: State): readonly Site[] {
  state.followers.clear();
  for (const container of state.containers.values()) {
    if (container.observation.spec.networkMode.startsWith('container:')) state.followers.add(container.key);
  }
  const touched = new Set<Site>();
  for (const container of state.containers.values()) {
    for (const site of reclaim(state, container)) touched.add(site);
  }
  return [...touched];
}

/** Works out again what a container wants. @returns the sites it wanted before or wants now */
function reclaim(state: State, container: Container): readonly Site[] {
  const before = container.intent.claims;
  if (state.policy === null || container.unreadable)
    container.intent = { ...idle, owner: container.intent.owner };
  else {
    const find = (id: ContainerId) => state.containers.get(containerKey(container.engine, id))?.observation;
    container.intent = intentOf(container.observation, state.policy, find);
  }
  const after = container.intent.claims;
  const wanted = new Set(after.map((claim) => claim.site));
  for (const { site } of before) if (!wanted.has(site)) unclaim(state, site, container.key);
  for (const site of container.claimedSince.keys())
    if (!wanted.has(site)) container.claimedSince.delete(site);
  for (const claim of after) {
    if (!container.claimedSince.has(claim.site)) container.claimedSince.set(claim.site, state.position);
    entry(state.contenders, claim.site).add(container.key);
    entry(state.sites, claim.match.host).add(claim.site);
  }
  dropStaleRefusals(state, container, wanted);
  return [...new Set([...before.map((claim) => claim.site), ...wanted])];
}

/** Keeps of the recorded refusals those that still stand: asked for again, or refused again. */
function dropStaleRefusals(state: State, container: Container, wanted: ReadonlySet<Site>): void {
  const recorded = state.refusals.get(container.key);
  if (recorded === undefined) return;
  const { refusals } = container.intent;
  const stands = (refusal: RecordedRefusal): boolean =>
    (refusal.match !== null && wanted.has(siteOf(refusal.match))) ||
    refusals.some((now) => sameSubject(now, refusal) && now.reason === refusal.reason);
  const left = recorded.filter(stands);
  if (left.length === 0) state.refusals.delete(container.key);
  else state.refusals.set(container.key, left);
}

function unclaim(state: State, site: Site, key: ContainerKey): void {
  const contenders = state.contenders.get(site);
  contenders?.delete(key);
  if (contenders?.size === 0) state.contenders.delete(site);
}

function followersOf(state: State, container: Container): Container[] {
  const mode = `container:${container.observation.container}`;
  return [...state.followers]
    .map((key) => state.containers.get(key)!)
    .filter(
      (follower) => follower.observation.spec.networkMode === mode && follower.engine === container.engine,
    );
}

function sitesOfUnreadable(state: State): readonly Site[] {
  const engineless = [...state.containers.values()].filter((container) => container.unreadable);
  if (engineless.length === 0) return nothing;
  const ids = new Set(engineless.map((container) => container.observation.container));
  return [...state.routes.values()]
    .filter((route) => route.targets.some((target) => ids.has(target.container)))
    .map((route) => siteOf(route.match));
}

function open(state: State, event: FoldedEvent & { type: 'RouteOpened' | 'RouteChanged' }): void {
  if (event.engineId === null) return;
  const { route: id, match, owner, targets, traffic } = event.data;
  const since = event.recordedAt;
  const route = {
    id,
    engine: event.engineId,
    match,
    owner,
    targets,
    ...(traffic === undefined ? {} : { traffic }),
    closing: null,
    since,
    position: event.position,
  };
  indexClosing(state, state.routes.get(id), route);
  state.routes.set(id, route);
  indexRoute(state, route);
  const site = siteOf(match);
  for (const target of targets) forget(state, containerKey(event.engineId, target.container), site);
}

/** A container that is routed at a site is no longer refused there. */
function forget(state: State, key: ContainerKey, site: Site): void {
  const refusals = state.refusals.get(key);
  if (refusals === undefined) return;
  const left = refusals.filter((refusal) => refusal.match === null || siteOf(refusal.match) !== site);
  if (left.length === 0) state.refusals.delete(key);
  else state.refusals.set(key, left);
}

function indexRoute(state: State, route: Route): void {
  const site = siteOf(route.match);
  state.lastRoute.set(site, route.id);
  entry(state.sites, route.match.host).add(site);
}

function close(state: State, event: FoldedEvent & { type: 'RouteClosed' }): void {
  if (event.engineId === null) return;
  const { route: id, match, owner, reason, container, name } = event.data;
  const known = state.routes.get(id);
  const departed = state.departed?.key === containerKey(event.engineId, container) ? state.departed : null;
  const route: Route = {
    id,
    engine: event.engineId,
    match: known?.match ?? match,
    owner,
    targets: [],
    closing: { reason, container, name, ...(departed && { obituary: departed.obituary }) },
    since: event.recordedAt,
    position: event.position,
  };
  indexClosing(state, known, route);
  state.routes.set(id, route);
  if (known === undefined) indexRoute(state, route);
}

function indexClosing(state: State, before: Route | undefined, after: Route): void {
  if (before?.closing) {
    const key = containerKey(before.engine, before.closing.container);
    const explained = state.closings.get(key);
    explained?.delete(before.id);
    if (explained?.size === 0) state.closings.delete(key);
  }
  if (after.closing) entry(state.closings, containerKey(after.engine, after.closing.container)).add(after.id);
}

function closeUnreadable(state: State, route: Route, position: State['position'], recordedAt: number): void {
  const first = route.targets[0];
  if (first === undefined) return;
  const closing = { reason: 'unreadable' as const, container: first.container, name: first.name };
  const closed = { ...route, targets: [], closing, since: recordedAt, position };
  indexClosing(state, route, closed);
  state.routes.set(route.id, closed);
}

function refuse(state: State, event: FoldedEvent & { type: 'RouteRefused' }): void {
  if (event.engineId === null) return;
  const { container, match, reason, detail, holder } = event.data;
  const key = containerKey(event.engineId, container);
  const refusal: RecordedRefusal = {
    match,
    reason,
    detail,
    ...(holder === undefined ? {} : { holder }),
    position: event.position,
    since: event.recordedAt,
  };
  const others = (state.refusals.get(key) ?? []).filter((known) => !sameSubject(known, refusal));
  state.refusals.set(key, [...others, refusal]);
}

/** Two refusals about the same site, or two of the same kind about the container as a whole. */
const sameSubject = (one: Refusal, other: Refusal): boolean =>
  one.match === null || other.match === null
    ? one.match === other.match
    : siteOf(one.match) === siteOf(other.match);

function requestCommand(state: State, event: FoldedEvent & { type: 'CommandRequested' }): void {
  const { command, kind, name, container } = event.data;
  const open = { command, kind, name, container, engine: event.engineId, requestedBy: event.id };
  state.commands.set(command, open);
  if (container === null || event.engineId === null) return;
  const known = state.containers.get(containerKey(event.engineId, container));
  if (known !== undefined)
    known.story.command = { id: command, at: event.recordedAt, kind, actor: event.actor };
}

const endings: ReadonlySet<CommandKind> = new Set(['stop', 'kill', 'restart', 'remove']);
/** A command that was refused, while its container is up, explains nothing that comes later; one that took too long may. */
function forgetCommand(state: State, event: FoldedEvent & { type: 'CommandFailed' }): void {
  const { command, container, status } = event.data;
  if (container === null || event.engineId === null || status === 504) return;
  const known = state.containers.get(containerKey(event.engineId, container));
  if (known?.story.command?.id === command && isAlive(known.observation)) known.story.command = null;
}

type SignalEvent = FoldedEvent & { type: SignalType };

function tell(state: State, event: SignalEvent): void {
  if (event.engineId === null) return;
  state.lastSignal = { engine: event.engineId, timeNano: event.occurredAt.toString() };
  if (event.type !== 'ContainerKilled') return;
  const container = state.containers.get(containerKey(event.engineId, event.data.container));
  if (container === undefined) return;
  const { observation, story } = container;
  if (!isEnding(event.data.claimed.signal, observation.spec.stopSignal)) return;
  const asked = [...state.commands.values()].some(
    (command) => command.container === observation.container && endings.has(command.kind),
  );
  story.killed = { at: event.recordedAt, asked };
}

function entry<K, V>(map: Map<K, Set<V>>, key: K): Set<V> {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = new Set<V>();
  map.set(key, made);
  return made;
}
