/** The part of the fold that is about containers: what was observed of them, and what they want. */
import type { FoldedEvent } from '../events/event.ts';
import type { ContainerId, EngineId } from '../events/ids.ts';
import type { ContainerObservation, ContainerObservedData } from '../events/observations.ts';
import { dropStaleRefusals } from './evolve-refusal.ts';
import { isRestart, noteRestart } from './evolve-story.ts';
import { whatBecameOf, whyRemoved } from './explain.ts';
import { type Claim, type Intent, intentOf, isAlive } from './intent.ts';
import { matchOf, type Site } from './route.ts';
import { type Container, type ContainerKey, containerKey, followersOf, type State, setAt } from './state.ts';

const idle: Intent = { owner: '', claims: [], refusals: [], warnings: [] };

/** @returns sites to decide again */
export function observe(state: State, event: FoldedEvent & { type: 'ContainerObserved' }): readonly Site[] {
  if (event.engineId === null) return [];
  state.departed = null;
  const observation = observationOf(event.data);
  const key = containerKey(event.engineId, observation.container);
  state.found = event.data.occurredBetween === undefined ? null : key;
  const known = state.containers.get(key);
  const container = known ?? createContainer(key, event.engineId, observation);
  state.containers.set(key, container);
  const wasAlive = known !== undefined && isAlive(container.observation);
  if (isRestart(container.observation, observation)) {
    keepObituaries(state, container);
    noteRestart(state, container, event.recordedAt);
  }
  container.observation = observation;
  container.observedBy = event.id;
  container.unreadable = false;
  if (isAlive(observation)) container.stoppedSince = null;
  else if (wasAlive || container.stoppedSince === null) container.stoppedSince = event.recordedAt;
  if (!isAlive(observation)) state.refusals.delete(key);
  if (observation.spec.networkMode.startsWith('container:')) state.followers.add(key);
  else state.followers.delete(key);
  const touched = new Set(reclaim(state, container));
  for (const follower of followersOf(state, event.engineId, event.data.container)) {
    for (const site of reclaim(state, follower)) touched.add(site);
  }
  return [...touched];
}

/** Most do not say between when they were made, and are taken as they are. */
function observationOf(data: ContainerObservedData): ContainerObservation {
  if (data.occurredBetween === undefined) return data;
  const { occurredBetween: _, ...observation } = data;
  return observation;
}

/** @returns sites to decide again */
export function lose(state: State, event: FoldedEvent & { type: 'ContainerLost' }): readonly Site[] {
  if (event.engineId === null) return [];
  const key = containerKey(event.engineId, event.data.container);
  const container = state.containers.get(key);
  if (container === undefined) return [];
  const touched = new Set(container.intent.claims.map((claim) => claim.site));
  for (const site of touched) unclaim(state, site, key);
  keepObituaries(state, container);
  const found = event.data.occurredBetween !== undefined;
  state.departed = { key, obituary: whyRemoved(container, event.recordedAt, found) };
  state.containers.delete(key);
  state.refusals.delete(key);
  state.followers.delete(key);
  for (const follower of followersOf(state, event.engineId, event.data.container)) {
    for (const site of reclaim(state, follower)) touched.add(site);
  }
  return [...touched];
}

/** @returns sites to decide again. @throws a defect, once all containers have been gone through */
export function rebuildIntents(state: State): readonly Site[] {
  state.followers.clear();
  for (const container of state.containers.values()) {
    if (container.observation.spec.networkMode.startsWith('container:')) state.followers.add(container.key);
  }
  const touched = new Set<Site>();
  const defects: unknown[] = [];
  for (const container of state.containers.values()) {
    try {
      for (const site of reclaim(state, container)) touched.add(site);
    } catch (defect) {
      defects.push(defect);
    }
  }
  if (defects.length > 0) throw defects[0];
  return [...touched];
}

/**
 * Works out again what a container wants.
 * @returns the sites it wanted before or wants now
 * @throws a defect, after which nothing of the container is served until it is observed again
 */
export function reclaim(state: State, container: Container): readonly Site[] {
  const before = container.intent.claims;
  try {
    container.intent = intentNow(state, container);
  } catch (defect) {
    container.unreadable = true;
    reclaim(state, container);
    throw defect;
  }
  const after = container.intent.claims;
  // Most are observed to want what they wanted: all that follows would leave everything as it is.
  if (!state.refusals.has(container.key) && sameSites(before, after)) return after.map((claim) => claim.site);
  const wanted = new Set(after.map((claim) => claim.site));
  for (const { site } of before) if (!wanted.has(site)) unclaim(state, site, container.key);
  for (const site of container.claimedSince.keys())
    if (!wanted.has(site)) container.claimedSince.delete(site);
  for (const claim of after) {
    if (!container.claimedSince.has(claim.site)) container.claimedSince.set(claim.site, state.position);
    setAt(state.contenders, claim.site).add(container.key);
    setAt(state.sites, claim.match.host).add(claim.site);
  }
  dropStaleRefusals(state, container, wanted);
  return [...new Set([...before.map((claim) => claim.site), ...wanted])];
}

function intentNow(state: State, container: Container): Intent {
  if (state.policy === null || container.unreadable) return { ...idle, owner: container.intent.owner };
  const find = (id: ContainerId) => state.containers.get(containerKey(container.engine, id))?.observation;
  return intentOf(container.observation, state.policy, find);
}

const sameSites = (before: readonly Claim[], after: readonly Claim[]): boolean =>
  before.length === after.length && before.every(({ site }, index) => site === after[index]!.site);

/** What is said of a container ends with it, and with its next start, but for the routes that it was the last target of. */
function keepObituaries(state: State, container: Container): void {
  for (const id of state.closings.get(container.key) ?? []) {
    const route = state.routes.get(id)!;
    if (route.closing!.obituary !== undefined) continue;
    const closing = { ...route.closing!, obituary: whatBecameOf(container, route.closing!, route.since) };
    state.routes.set(id, { ...route, closing });
  }
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
    story: { commands: [], killed: null, starved: null, restarts: [] },
    intent: idle,
  };
}

function unclaim(state: State, site: Site, key: ContainerKey): void {
  const contenders = state.contenders.get(site);
  contenders?.delete(key);
  if (contenders?.size !== 0) return;
  state.contenders.delete(site);
  if (!state.lastRoute.has(site)) forget(state, site);
}

/** Nobody asks for it any more, and nobody was ever routed there: it is as unknown as it is to a snapshot, which has only routes and claims. */
function forget(state: State, site: Site): void {
  const { host } = matchOf(site);
  const sites = state.sites.get(host);
  sites?.delete(site);
  if (sites?.size === 0) state.sites.delete(host);
}
