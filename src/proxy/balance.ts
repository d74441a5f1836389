/** Chooses among a route's targets: by turn, by load, by client, by weight; with a cookie the one of before. */
import type { Target } from '../events/decisions.ts';
import type { RouteId } from '../events/ids.ts';
import { type HostEntry, type TableRoute, targetKey } from '../routing/table.ts';
import { boundTarget } from './sticky.ts';

export interface Balancer {
  /** All targets, the next one first: the others are for another try, those that are out of order last. */
  order(route: TableRoute, visit: Visit): readonly Target[];
  /** A host's entry was replaced; either may be missing. What is remembered of routes that have gone is forgotten. */
  changed(before: HostEntry | undefined, after: HostEntry | undefined): void;
}

/** What is known of who asks; worked out only where it counts. */
export interface Visit {
  client(): string;
  cookie(): string | undefined;
}

export interface BalancerDeps {
  /** Requests and tunnels under way. */
  readonly load: (key: string) => number;
  /** Those of the route that are in order; all of them where none is. */
  readonly inOrder: (targets: readonly Target[]) => readonly Target[];
}

export function createBalancer({ load, inOrder }: BalancerDeps): Balancer {
  const turns = new Map<RouteId, number>();
  const credits = new Map<RouteId, Map<string, number>>();

  function nextTurn(route: RouteId): number {
    const turn = (turns.get(route) ?? -1) + 1;
    turns.set(route, turn);
    return turn;
  }

  function creditOf(route: RouteId): Map<string, number> {
    const found = credits.get(route) ?? new Map<string, number>();
    credits.set(route, found);
    return found;
  }

  function choose(route: TableRoute, targets: readonly Target[], visit: Visit): readonly Target[] {
    if (targets.length < 2) return targets;
    const balance = route.traffic?.balance ?? 'round-robin';
    switch (balance) {
      case 'least-connections':
        return byLoad(rotate(targets, nextTurn(route.id)), load);
      case 'client-ip':
        return byClient(targets, visit.client());
      case 'round-robin':
        if (targets.every(({ weight }) => weight === undefined)) return rotate(targets, nextTurn(route.id));
        return byWeight(targets, creditOf(route.id));
      default:
        return balance satisfies never;
    }
  }

  return {
    order(route, visit) {
      const { targets, traffic } = route;
      if (targets.length < 2) return targets;
      const well = inOrder(targets);
      const chosen = choose(route, well, visit);
      const bound = traffic?.sticky === true ? boundTarget(route, well, visit.cookie()) : undefined;
      const ordered = bound === undefined ? chosen : [bound, ...chosen.filter((one) => one !== bound)];
      if (well.length === targets.length) return ordered;
      return [...ordered, ...targets.filter((one) => !well.includes(one))];
    },
    changed(before, after) {
      for (const { id } of before?.routes ?? []) {
        if (after?.routes.some((route) => route.id === id)) continue;
        turns.delete(id);
        credits.delete(id);
      }
    },
  };
}

export function rotate(targets: readonly Target[], turn: number): readonly Target[] {
  const first = turn % targets.length;
  return [...targets.slice(first), ...targets.slice(0, first)];
}

const weightOf = ({ weight }: Target): number => weight ?? 1;

/** The least loaded for its weight first; among equals the order stays. */
export function byLoad(targets: readonly Target[], load: (key: string) => number): readonly Target[] {
  const share = new Map(targets.map((one) => [one, (load(targetKey(one)) + 1) / weightOf(one)]));
  return [...targets].sort((one, other) => share.get(one)! - share.get(other)!);
}

/**
 * Smooth weighted round robin: turns of 3:1 come as a a b a, never as a a a b.
 * @param credit what each has saved up, by key; changed in place
 */
export function byWeight(targets: readonly Target[], credit: Map<string, number>): readonly Target[] {
  const keys = new Set(targets.map(targetKey));
  for (const key of credit.keys()) if (!keys.has(key)) credit.delete(key);
  let total = 0;
  for (const target of targets) {
    const key = targetKey(target);
    total += weightOf(target);
    credit.set(key, (credit.get(key) ?? 0) + weightOf(target));
  }
  const ordered = [...targets].sort(
    (one, other) => credit.get(targetKey(other))! - credit.get(targetKey(one))!,
  );
  const first = targetKey(ordered[0]!);
  credit.set(first, credit.get(first)! - total);
  return ordered;
}

/** Weighted rendezvous hashing: when a target comes or goes, only the clients that it has or had move. */
export function byClient(targets: readonly Target[], client: string): readonly Target[] {
  const score = new Map(
    targets.map((one) => [one, -weightOf(one) / Math.log(fraction(`${client} ${one.container}`))]),
  );
  return [...targets].sort((one, other) => score.get(other)! - score.get(one)!);
}

/** A text's place strictly between 0 and 1: FNV-1a, with MurmurHash3's finish to spread near texts. */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  return ((hash >>> 0) + 0.5) / 2 ** 32;
}
