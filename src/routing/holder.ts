/** Who holds a site: the earlier claim, until its owner has been down for a while or is gone. */
import type { Position } from '../events/ids.ts';
import { isAlive } from './intent.ts';
import type { Site } from './route.ts';
import { type Container, containersOf, lastRouteOf, type State } from './state.ts';

interface Contender {
  readonly owner: string;
  alive: boolean;
  /** Since when all of its containers are down, milliseconds; 0 while one is alive. */
  downSince: number;
  claimedSince: Position;
}

/** @returns the owner whose containers are routed at the site, or null if nobody wants it */
export function holderOf(state: State, site: Site, now: number): string | null {
  const contenders = contendersOf(state, site);
  const holder = lastRouteOf(state, site)?.owner;
  const held = contenders.find((contender) => contender.owner === holder);
  const rival = earliest(contenders.filter((contender) => contender.alive && contender !== held));
  if (held === undefined) return (rival ?? earliest(contenders))?.owner ?? null;
  if (held.alive || rival === undefined || now < held.downSince + claimHold(state)) return held.owner;
  return rival.owner;
}

/** When the next claim of an owner that is down runs out to someone who waits for it; null if none will. */
export function nextTakeover(state: State): { readonly at: number; readonly sites: readonly Site[] } | null {
  let at = Number.POSITIVE_INFINITY;
  const sites: Site[] = [];
  for (const site of contestedSites(state)) {
    const contenders = contendersOf(state, site);
    const held = contenders.find((contender) => contender.owner === lastRouteOf(state, site)?.owner);
    if (held === undefined || held.alive) continue;
    if (!contenders.some((contender) => contender.alive)) continue;
    sites.push(site);
    at = Math.min(at, held.downSince + claimHold(state));
  }
  return sites.length === 0 ? null : { at, sites };
}

const claimHold = (state: State): number => state.policy?.claimHold ?? 0;

function contestedSites(state: State): Site[] {
  const contested = new Set<Site>();
  for (const key of state.refusals.keys()) {
    for (const { site } of state.containers.get(key)?.intent.claims ?? []) contested.add(site);
  }
  return [...contested];
}

function contendersOf(state: State, site: Site): Contender[] {
  const owners = new Map<string, Contender>();
  for (const container of containersOf(state, site)) join(owners, container, site);
  return [...owners.values()];
}

function join(owners: Map<string, Contender>, container: Container, site: Site): void {
  const { owner } = container.intent;
  const claimedSince = container.claimedSince.get(site)!;
  const alive = isAlive(container.observation);
  const downSince = container.stoppedSince ?? 0;
  const known = owners.get(owner);
  if (known === undefined) {
    owners.set(owner, { owner, alive, downSince, claimedSince });
    return;
  }
  known.alive ||= alive;
  known.downSince = Math.max(known.downSince, downSince);
  if (claimedSince < known.claimedSince) known.claimedSince = claimedSince;
}

const earliest = (contenders: readonly Contender[]): Contender | undefined =>
  contenders.reduce<Contender | undefined>(
    (first, next) => (first === undefined || next.claimedSince < first.claimedSince ? next : first),
    undefined,
  );
