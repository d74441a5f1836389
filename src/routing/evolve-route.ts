/** The part of the fold that is about routes: what is served, and what closed the rest. */
import type { FoldedEvent } from '../events/event.ts';
import { forgetRefusalsAt } from './evolve-refusal.ts';
import { type Route, type Site, siteOf } from './route.ts';
import { containerKey, type State, setAt } from './state.ts';

export function openRoute(state: State, event: FoldedEvent & { type: 'RouteOpened' | 'RouteChanged' }): void {
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
  for (const target of targets) forgetRefusalsAt(state, containerKey(event.engineId, target.container), site);
}

export function closeRoute(state: State, event: FoldedEvent & { type: 'RouteClosed' }): void {
  if (event.engineId === null) return;
  const { route: id, match, owner, reason, container, name } = event.data;
  const known = state.routes.get(id);
  const key = containerKey(event.engineId, container);
  const departed = state.departed?.key === key ? state.departed : null;
  const found = state.found === key && { found: true as const };
  const route: Route = {
    id,
    engine: event.engineId,
    match: known?.match ?? match,
    owner,
    targets: [],
    closing: { reason, container, name, ...found, ...(departed && { obituary: departed.obituary }) },
    since: event.recordedAt,
    position: event.position,
  };
  indexClosing(state, known, route);
  state.routes.set(id, route);
  if (known === undefined) indexRoute(state, route);
}

export function closeUnreadable(
  state: State,
  route: Route,
  position: State['position'],
  recordedAt: number,
): void {
  const first = route.targets[0];
  if (first === undefined) return;
  const closing = { reason: 'unreadable' as const, container: first.container, name: first.name };
  const closed = { ...route, targets: [], closing, since: recordedAt, position };
  indexClosing(state, route, closed);
  state.routes.set(route.id, closed);
}

/** Sites of routes to containers whose last observation could not be read. */
export function sitesOfUnreadable(state: State): readonly Site[] {
  const unreadable = [...state.containers.values()].filter((container) => container.unreadable);
  if (unreadable.length === 0) return [];
  const ids = new Set(unreadable.map((container) => container.observation.container));
  return [...state.routes.values()]
    .filter((route) => route.targets.some((target) => ids.has(target.container)))
    .map((route) => siteOf(route.match));
}

export function indexRoute(state: State, route: Route): void {
  const site = siteOf(route.match);
  state.lastRoute.set(site, route.id);
  setAt(state.sites, route.match.host).add(site);
}

export function indexClosing(state: State, before: Route | undefined, after: Route): void {
  if (before?.closing) {
    const key = containerKey(before.engine, before.closing.container);
    const explained = state.closings.get(key);
    explained?.delete(before.id);
    if (explained?.size === 0) state.closings.delete(key);
  }
  if (after.closing) setAt(state.closings, containerKey(after.engine, after.closing.container)).add(after.id);
}
