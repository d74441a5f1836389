/** Chooses among a route's targets: round robin, each route with a turn of its own. */
import type { Target } from '../events/decisions.ts';
import type { TableRoute } from '../routing/table.ts';

export interface Balancer {
  /** All targets, the next one first: the others are for another try. */
  order(route: TableRoute): readonly Target[];
}

export function createBalancer(): Balancer {
  const turns = new Map<string, number>();
  return {
    order(route) {
      const { targets } = route;
      if (targets.length < 2) return targets;
      const turn = (turns.get(route.id) ?? -1) + 1;
      turns.set(route.id, turn);
      const first = turn % targets.length;
      return [...targets.slice(first), ...targets.slice(0, first)];
    },
  };
}
