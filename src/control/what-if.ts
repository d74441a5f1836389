/** Decides again from what was recorded, under another policy, and says where and when the routes would have differed. */
import type { Policy, Target } from '../events/decisions.ts';
import type { Event, Fact } from '../events/event.ts';
import type { Position } from '../events/ids.ts';
import type { LogReader, UnreadableEvent } from '../log/port.ts';
import { type Item, isEvent, itemsAfter } from '../projections/batch.ts';
import { advanceRecorded, takeOverUntil } from '../routing/advance.ts';
import { evolve, setAside } from '../routing/evolve.ts';
import { nextTakeover } from '../routing/holder.ts';
import { matchOf, type Site, siteOf } from '../routing/route.ts';
import { createState, openRouteOf, type State } from '../routing/state.ts';
import { targetKey } from '../routing/table.ts';

/** What may be tried. The rest of the policy stays as it was recorded. */
export type PolicyChanges = Partial<Pick<Policy, 'domain' | 'expose' | 'allowedHosts' | 'claimHold'>>;

/** An end of a difference. */
interface End {
  readonly position: number;
  /** RFC 3339, on the axis of `recordedAt`. */
  readonly at: string;
}

export interface RouteDifference {
  readonly host: string;
  readonly path: string;
  /** Under the other policy it would have been there, or not, or have gone elsewhere. */
  readonly change: 'added' | 'removed' | 'changed';
  readonly from: End;
  /** Null: to the end. */
  readonly to: End | null;
  /** Names of containers. */
  readonly live: readonly string[];
  readonly whatIf: readonly string[];
}

export interface WhatIfOptions {
  readonly log: LogReader;
  readonly policy: PolicyChanges;
  /** Inclusive. */
  readonly until: number;
  readonly onProgress?: (position: number) => void;
}

export interface WhatIfResult {
  readonly routes: readonly RouteDifference[];
  /** There are more than are listed. */
  readonly truncated: boolean;
}

const page = 1_000;
/** Differences that are listed. */
const most = 10_000;

const decisions: ReadonlySet<string> = new Set([
  'RouteOpened',
  'RouteChanged',
  'RouteClosed',
  'RouteRefused',
]);

/** On the calling thread; touches nothing. */
export function whatIf({ log, policy, until, onProgress }: WhatIfOptions): WhatIfResult {
  const live = createState();
  const other = createState();
  const differences = createDifferences(live, other);
  let otherHold = false;

  /** Of a decision that time alone brought about, too: it is a commit of its own. */
  const beginsCommit = ({ type, recordedAt }: Event): boolean =>
    !decisions.has(type) || recordedAt > live.recordedAt;

  /** What was recorded has been decided upon by now; and claims that are held for another time run out before it. */
  function settle(until: number): void {
    differences.settle(live.recordedAt);
    for (let next = otherHold ? nextTakeover(other) : null; next !== null && next.at < until; ) {
      const taken = takeOverUntil(other, next.at);
      differences.touch(taken);
      differences.settle(next.at);
      next = taken.length === 0 ? null : nextTakeover(other);
    }
  }

  function take(event: Event): void {
    if (beginsCommit(event)) settle(event.recordedAt);
    if (event.type === 'PolicyApplied')
      otherHold = (policy.claimHold ?? event.data.policy.claimHold) !== event.data.policy.claimHold;
    if (decisions.has(event.type)) {
      evolve(live, event);
      other.position = event.position;
      if ('match' in event.data && event.data.match !== null) differences.touch([siteOf(event.data.match)]);
      differences.touch(takeOverUntil(other, event.recordedAt));
      return;
    }
    differences.touch(evolve(live, event));
    differences.touch(advanceRecorded(other, withPolicy(event, policy)));
  }

  function skip({ position, recordedAt, streamId }: UnreadableEvent): void {
    settle(recordedAt);
    for (const state of [live, other]) setAside(state, position, recordedAt, streamId);
    differences.touch([...live.lastRoute.keys(), ...other.lastRoute.keys()]);
  }

  for (const items of pagesOf(log, until)) {
    for (const item of items) {
      // A commit that is begun is taken whole: what was decided in it is no difference.
      if (item.position > until && (!isEvent(item) || beginsCommit(item))) break;
      if (isEvent(item)) take(item);
      else skip(item);
    }
    onProgress?.(Math.min(items.at(-1)!.position, until));
  }
  differences.settle(live.recordedAt);
  return differences.result();
}

/** Up to a position and, after it, as many more as a commit may have. */
function* pagesOf(log: LogReader, until: number): Generator<Item[]> {
  for (let after = 0; after <= until; ) {
    const items = itemsAfter(log, after as Position, page);
    if (items.length === 0) return;
    yield items;
    after = items.at(-1)!.position;
  }
}

function withPolicy(event: Event, changes: PolicyChanges): Fact {
  if (event.type !== 'PolicyApplied') return event;
  return { ...event, data: { policy: { ...event.data.policy, ...changes } } };
}

interface Standing {
  readonly index: number;
  readonly key: string;
}

function createDifferences(live: State, other: State) {
  const touched = new Set<Site>();
  const standing = new Map<Site, Standing>();
  const found: RouteDifference[] = [];
  let truncated = false;

  const targetsAt = (state: State, site: Site): readonly Target[] => openRouteOf(state, site)?.targets ?? [];
  const keyOf = (targets: readonly Target[]): string => targets.map(targetKey).sort().join();
  const names = (targets: readonly Target[]): string[] => targets.map(({ name }) => name);

  function compare(site: Site, end: End): void {
    const [was, would] = [targetsAt(live, site), targetsAt(other, site)];
    const [liveKey, otherKey] = [keyOf(was), keyOf(would)];
    const before = standing.get(site);
    const key = liveKey === otherKey ? '' : `${liveKey} ${otherKey}`;
    if (before?.key === key) return;
    if (before !== undefined) {
      found[before.index] = { ...found[before.index]!, to: end };
      standing.delete(site);
    }
    if (key === '') return;
    if (found.length === most) {
      truncated = true;
      return;
    }
    const change = was.length === 0 ? 'added' : would.length === 0 ? 'removed' : 'changed';
    standing.set(site, { index: found.length, key });
    found.push({ ...matchOf(site), change, from: end, to: null, live: names(was), whatIf: names(would) });
  }

  return {
    touch(sites: Iterable<Site>): void {
      for (const site of sites) touched.add(site);
    },
    /** Compares where something happened, as it is since the last event. @param at since when, milliseconds */
    settle(at: number): void {
      if (touched.size === 0) return;
      const end = { position: live.position, at: new Date(at).toISOString() };
      for (const site of touched) compare(site, end);
      touched.clear();
    },
    result: (): WhatIfResult => ({ routes: found, truncated }),
  };
}
