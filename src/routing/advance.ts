/** One step of the loop, still pure of I/O: record an input, fold it, decide, fold the decisions. */
import type { Fact, FoldedEvent, NewEvent } from '../events/event.ts';
import type { Host, Position } from '../events/ids.ts';
import { type Cause, causeOf, decide, dueCause } from './decide.ts';
import { hostsTouchedBy } from './entries.ts';
import { evolve } from './evolve.ts';
import { nextTakeover } from './holder.ts';
import { type Input, record } from './record.ts';
import type { Site } from './route.ts';
import { type Container, containerKey, containersOf, followersOf, type State } from './state.ts';

export interface Step {
  readonly events: readonly NewEvent[];
  /** Hosts whose table entry may differ now. */
  readonly hosts: ReadonlySet<Host>;
}

/** Advances `state` by one input. @param now milliseconds since the epoch */
export function advance(state: State, input: Input, now: number): Step {
  const fact = record(state, input, now);
  if (fact === null) return { events: [], hosts: new Set() };
  const hosts = new Set<Host>();
  const cause = folded(state, fact, now);
  const sites = fold(state, cause, hosts);
  const decisions = decide(state, sites, touched(state, cause), causeOf(cause, now));
  for (const decision of decisions) fold(state, folded(state, decision, now), hosts);
  return { events: [fact, ...decisions], hosts };
}

/**
 * Folds a recorded fact and decides anew what follows from it. Decisions take the fact's place in the log.
 * @returns sites whose targets may differ now
 */
export function advanceRecorded(state: State, fact: Fact): readonly Site[] {
  const now = fact.recordedAt;
  const takeovers = takeOverUntil(state, now);
  const sites = evolve(state, fact);
  const decisions = decide(state, sites, touched(state, fact), causeOf(fact, now));
  for (const decision of decisions)
    evolve(state, { ...decision, position: fact.position, recordedAt: now } as Fact);
  return [...takeovers, ...sites];
}

/** What time alone decides up to an instant. @returns sites that changed hands */
export function takeOverUntil(state: State, until: number): Site[] {
  const taken: Site[] = [];
  for (let next = nextTakeover(state); next !== null && next.at <= until; next = nextTakeover(state)) {
    const { at, sites } = next;
    const before = taken.length;
    for (const site of sites) {
      const decisions = decide(state, [site], [], causeAt(state, site, at, at));
      for (const decision of decisions)
        evolve(state, { ...decision, position: state.position, recordedAt: at } as Fact);
      if (decisions.some((one) => one.type === 'RouteOpened')) taken.push(site);
    }
    if (taken.length === before) break;
  }
  return taken;
}

/**
 * Gives sites whose holder has been down for long enough to those who wait for them.
 * @param due by which claims have run out; later than `now` where the clock was set back meanwhile
 */
export function advanceClock(state: State, now: number, due = now): Step {
  const hosts = new Set<Host>();
  const events: NewEvent[] = [];
  for (const site of nextTakeover(state)?.sites ?? []) {
    const decisions = decide(state, [site], [], causeAt(state, site, now, due));
    for (const decision of decisions) fold(state, folded(state, decision, now), hosts);
    events.push(...decisions);
  }
  return { events, hosts };
}

const folded = (state: State, event: NewEvent, now: number): Fact => ({
  ...event,
  position: (state.position + 1) as Position,
  recordedAt: Math.max(state.recordedAt, now),
});

function fold(state: State, event: FoldedEvent, hosts: Set<Host>): readonly Site[] {
  // Before, too: an event may take a container away, and with it the way to its hosts.
  for (const host of hostsTouchedBy(state, event, [])) hosts.add(host);
  const sites = evolve(state, event);
  for (const host of hostsTouchedBy(state, event, sites)) hosts.add(host);
  return sites;
}

/** The container that was observed or lost and those that share its network; all of them under a new policy. */
function touched(state: State, event: FoldedEvent): Container[] {
  if (event.type === 'PolicyApplied') return [...state.containers.values()];
  if (event.type !== 'ContainerObserved' && event.type !== 'ContainerLost') return [];
  // An engine that was replaced takes those that share the network along.
  if (event.engineId === null || ('reason' in event.data && event.data.reason === 'engine-replaced'))
    return [];
  const own = state.containers.get(containerKey(event.engineId, event.data.container));
  const followers = followersOf(state, event.engineId, event.data.container);
  return own === undefined ? followers : [own, ...followers];
}

/** The observation by which the holder of a site went down. */
function causeAt(state: State, site: Site, now: number, due: number): Cause {
  const down = containersOf(state, site)
    .filter((container) => container.stoppedSince !== null)
    .sort((one, other) => other.stoppedSince! - one.stoppedSince!)[0]!;
  return dueCause(down.observedBy, site, now, due);
}
