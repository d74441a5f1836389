/** Makes the table's entries from the deciding state. */
import type { EventType, FoldedEvent } from '../events/event.ts';
import type { Host } from '../events/ids.ts';
import { signalTypes } from '../events/signals.ts';
import { hostSentence, sentenceOf } from './explain.ts';
import { matchOf, type Route, type Site } from './route.ts';
import { type ContainerKey, containerKey, followersOf, lastRouteOf, type State } from './state.ts';
import type { HostEntry, TableRoute } from './table.ts';

/** A host's routes: open ones, and those that a container still asks for while it is down. Nothing at all of a host that is not known, or no more. */
export function entryOf(state: State, host: Host): HostEntry {
  const routes = [...(state.sites.get(host) ?? [])]
    .map((site) => tableRoute(state, site))
    .filter((route) => route !== null)
    .sort((one, other) => other.path.length - one.path.length || (one.path < other.path ? -1 : 1));
  const silent = routes.some((route) => route.targets.length > 0) || !state.sites.has(host);
  return { host, routes, sentence: silent ? '' : hostSentence(state, host, routes) };
}

/** @param of makes one */
export const entriesOf = (state: State, of: (state: State, host: Host) => HostEntry = entryOf): HostEntry[] =>
  [...state.sites.keys()].map((host) => of(state, host));

/** Of the signals two are told of in sentences: that somebody sent the container one to end it, and that it ran out of memory. */
export const untold: ReadonlySet<EventType> = new Set(
  signalTypes.filter((type) => type !== 'ContainerKilled' && type !== 'ContainerOutOfMemory'),
);

/** Hosts whose entry may differ after an event: those of its route, or of its container (sentences). */
export function hostsTouchedBy(state: State, event: FoldedEvent, sites: readonly Site[]): Host[] {
  if (untold.has(event.type)) return [];
  // Why a container has no route now may be told of any host that it once had.
  const hosts = new Set(sites.map((site) => matchOf(site).host));
  if (event.type === 'PolicyApplied') return [...hosts.union(state.sites)];
  const { data } = event;
  // One that was only ever refused stays unknown, as it is after a restart.
  if ('match' in data && data.match !== null && state.sites.has(data.match.host)) hosts.add(data.match.host);
  if ('container' in data && data.container !== null && event.engineId !== null) {
    const key = containerKey(event.engineId, data.container);
    for (const { match } of state.containers.get(key)?.intent.claims ?? []) hosts.add(match.host);
    for (const host of hostsClosedBy(state, key)) hosts.add(host);
    // Those that share its network may be out of reach with it, and say so.
    for (const follower of followersOf(state, event.engineId, data.container))
      for (const host of hostsClosedBy(state, follower.key)) hosts.add(host);
  }
  return [...hosts];
}

const hostsClosedBy = (state: State, key: ContainerKey): Host[] =>
  [...(state.closings.get(key) ?? [])].map((route) => state.routes.get(route)!.match.host);

const trafficOf = ({ traffic }: Route): Pick<TableRoute, 'traffic'> =>
  traffic === undefined ? {} : { traffic };

function tableRoute(state: State, site: Site): TableRoute | null {
  const route = lastRouteOf(state, site);
  const { path } = matchOf(site);
  if (route !== null && route.targets.length > 0)
    return { id: route.id, path, targets: route.targets, sentence: '', ...trafficOf(route) };
  if (!state.contenders.has(site)) return null;
  const id = route?.id ?? ('' as TableRoute['id']);
  return { id, path, targets: [], sentence: sentenceOf(state, site) };
}
