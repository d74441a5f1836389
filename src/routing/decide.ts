/** Decides: from the state with a cause folded in, which routes open, change, close, and what is refused. */
import type { CloseReason, Target, Traffic } from '../events/decisions.ts';
import type { Fact, FoldedEvent, NewEvent } from '../events/event.ts';
import {
  type ContainerId,
  containerStream,
  type EngineId,
  type EventId,
  routeStream,
} from '../events/ids.ts';
import { decisionKey } from '../events/keys.ts';
import { holderOf } from './holder.ts';
import { isAlive, type Refusal } from './intent.ts';
import { matchOf, type Route, routeIdOf, type Site, sameTargets, sameTraffic, siteOf } from './route.ts';
import { type Container, containerKey, containersOf, openRouteOf, type State } from './state.ts';

/** What decisions follow from, and when they are taken. */
export interface Cause {
  readonly id: EventId;
  readonly correlationId: EventId;
  readonly inferred: boolean;
  /** Said of routes that it closes, where the container itself does not tell. */
  readonly reason: CloseReason | null;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** By which claims have run out. */
  readonly due: number;
  /** Tells the consequences of one cause apart that come at different times; empty for those at once. */
  readonly occasion: string;
}

export const causeOf = (event: Fact, now: number): Cause => ({
  id: event.id,
  correlationId: event.correlationId,
  inferred: event.inferred,
  reason: forcedReason(event),
  now,
  due: now,
  occasion: '',
});

/** Time alone made it decide again: consequences of the observation in which the holder went down. */
export const dueCause = (observedBy: EventId, site: Site, now: number, due: number): Cause => ({
  id: observedBy,
  correlationId: observedBy,
  inferred: false,
  reason: 'claimed-elsewhere',
  now,
  due,
  occasion: `takeover ${site}`,
});

function forcedReason(event: FoldedEvent): CloseReason | null {
  if (event.type === 'PolicyApplied') return 'policy';
  return event.type === 'ContainerLost' && event.data.reason === 'engine-replaced' ? 'engine-replaced' : null;
}

type Decision =
  | Pick<NewEvent<'RouteOpened'>, 'type' | 'data'>
  | Pick<NewEvent<'RouteChanged'>, 'type' | 'data'>
  | Pick<NewEvent<'RouteClosed'>, 'type' | 'data'>
  | Pick<NewEvent<'RouteRefused'>, 'type' | 'data'>;

interface Placed {
  readonly engine: EngineId;
  readonly decision: Decision;
}

/**
 * @param sites those that `evolve` named for the cause
 * @param containers those whose outright refusals may have changed
 */
export function decide(
  state: State,
  sites: readonly Site[],
  containers: readonly Container[],
  cause: Cause,
): NewEvent[] {
  const placed: Placed[] = [];
  for (const site of sites) placed.push(...decideSite(state, site, cause));
  for (const container of containers) placed.push(...decideOutright(state, container));
  // Closings first: a host never has two routes open, not even between two events.
  const ordered = [...placed.filter(isClosing), ...placed.filter((one) => !isClosing(one))];
  return ordered.map(({ engine, decision }, index) => toEvent(engine, decision, cause, index));
}

const isClosing = ({ decision }: Placed): boolean => decision.type === 'RouteClosed';

function decideSite(state: State, site: Site, cause: Cause): Placed[] {
  const placed: Placed[] = [];
  const holder = holderOf(state, site, cause.due);
  const contenders = containersOf(state, site);
  const ofHolder = contenders.filter((container) => container.intent.owner === holder).sort(byName);
  const chosen = withoutReplaced(ofHolder, site);
  const targets = chosen.flatMap((container) => targetOf(container, site) ?? []);
  // Replicas should agree; where they do not, the first that says anything is heard.
  const traffic = chosen.find((container) => container.intent.traffic !== undefined)?.intent.traffic;
  const open = openRouteOf(state, site);
  const stays = open !== null && open.owner === holder && targets.length > 0;
  if (open !== null && !stays) placed.push(closing(state, site, open, cause));
  const first = chosen[0];
  if (
    first !== undefined &&
    targets.length > 0 &&
    (open === null || !stays || !sameTargets(open.targets, targets) || !sameTraffic(open.traffic, traffic))
  ) {
    placed.push(
      opening(
        first.engine,
        site,
        first.intent.owner,
        targets,
        traffic,
        stays ? 'RouteChanged' : 'RouteOpened',
      ),
    );
  }
  for (const container of contenders) {
    if (container.intent.owner === holder || !isAlive(container.observation)) continue;
    placed.push(...refusal(state, container, hostClaimed(site, holder ?? '')));
  }
  return placed;
}

/**
 * A name belongs to one container at a time. After an absence the one that has it now is seen before the other is known to
 * be gone: never were both served. Until the new one can be served, the other is not given up for it.
 */
function withoutReplaced(containers: readonly Container[], site: Site): readonly Container[] {
  if (containers.length < 2) return containers;
  const latest = new Map<string, Container>();
  const nameOf = ({ engine, observation }: Container): string => `${engine}/${observation.name}`;
  for (const container of containers) {
    if (targetOf(container, site) === null) continue;
    const known = latest.get(nameOf(container));
    if (known === undefined || known.claimedSince.get(site)! < container.claimedSince.get(site)!)
      latest.set(nameOf(container), container);
  }
  return containers.filter((container) => (latest.get(nameOf(container)) ?? container) === container);
}

/** What a container is refused whoever else there is; one reason for the container as a whole is enough. */
function decideOutright(state: State, container: Container): Placed[] {
  if (!isAlive(container.observation) || container.unreadable) return [];
  const { refusals } = container.intent;
  const whole = refusals.filter((one) => one.match === null).slice(0, 1);
  const single = refusals.filter((one) => one.match !== null);
  return [...whole, ...single].flatMap((one) => refusal(state, container, one));
}

function opening(
  engine: EngineId,
  site: Site,
  owner: string,
  targets: Target[],
  traffic: Traffic | undefined,
  type: 'RouteOpened' | 'RouteChanged',
): Placed {
  const route = routeIdOf(engine, owner, site);
  return {
    engine,
    decision: {
      type,
      data: { route, match: matchOf(site), owner, targets, ...(traffic === undefined ? {} : { traffic }) },
    },
  };
}

function closing(state: State, site: Site, route: Route, cause: Cause): Placed {
  const last = route.targets.at(-1)!;
  const reason = reasonOf(state, route, site, last.container, cause);
  const { id, match, owner, engine } = route;
  const data = { route: id, match, owner, reason, container: last.container, name: last.name };
  return { engine, decision: { type: 'RouteClosed', data } };
}

function reasonOf(state: State, route: Route, site: Site, id: ContainerId, cause: Cause): CloseReason {
  if (cause.reason !== null) return cause.reason;
  const container = state.containers.get(containerKey(route.engine, id));
  if (container === undefined) return 'removed';
  if (container.unreadable) return 'unreadable';
  const claim = container.intent.claims.find((one) => one.site === site);
  if (claim?.waiting) return claim.waiting;
  if (claim !== undefined) return 'claimed-elsewhere';
  return container.observation.name === route.targets.at(-1)?.name ? 'disabled' : 'renamed';
}

function refusal(state: State, container: Container, refused: Refusal): Placed[] {
  const recorded = state.refusals.get(container.key) ?? [];
  if (recorded.some((one) => sameRefusal(one, refused))) return [];
  const { container: id, name } = container.observation;
  const data = { container: id, name, ...refused };
  return [{ engine: container.engine, decision: { type: 'RouteRefused', data } }];
}

function sameRefusal(one: Refusal, other: Refusal): boolean {
  const site = (refused: Refusal): Site | null => (refused.match === null ? null : siteOf(refused.match));
  return (
    one.reason === other.reason &&
    one.detail === other.detail &&
    one.holder === other.holder &&
    site(one) === site(other)
  );
}

const hostClaimed = (site: Site, holder: string): Refusal => ({
  match: matchOf(site),
  reason: 'host-claimed',
  holder,
  detail: `${site.replace(/\/$/, '')} is claimed by ${holder}, which came first; stop or remove that one, or use another host`,
});

function targetOf(container: Container, site: Site): Target | null {
  return container.intent.claims.find((claim) => claim.site === site)?.target ?? null;
}

const byName = (one: Container, other: Container): number =>
  one.observation.name < other.observation.name ? -1 : 1;

function toEvent(engine: EngineId, decision: Decision, cause: Cause, index: number): NewEvent {
  const { data } = decision;
  return {
    ...decision,
    id: decisionKey(cause.id, `${cause.occasion}#${index}`),
    streamId: 'route' in data ? routeStream(data.route) : containerStream(engine, data.container),
    engineId: engine,
    occurredAt: BigInt(cause.now) * 1_000_000n,
    actor: { kind: 'portolan', name: 'portolan' },
    correlationId: cause.correlationId,
    causationId: cause.id,
    inferred: cause.inferred,
  } as NewEvent;
}
