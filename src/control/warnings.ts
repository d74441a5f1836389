/** Labels of ours that are not known: reported once for each container, and for as long as it is there. */
import type { Event } from '../events/event.ts';
import { containerKey, type State } from '../routing/state.ts';

export interface Warnings {
  /** After each commit: reports what is new. */
  committed(events: readonly Event[]): void;
  /** Those of all containers that are there now. */
  list(): readonly string[];
}

export function createWarnings(state: () => State, report: (warning: string) => void): Warnings {
  const reported = new Set<string>();
  const of = (container: ReturnType<State['containers']['get']>): string[] =>
    (container?.intent.warnings ?? []).map(
      (warning) => `container ${container!.observation.name}: ${warning}`,
    );
  return {
    committed(events) {
      for (const event of events) {
        if (event.type !== 'ContainerObserved' || event.engineId === null) continue;
        for (const warning of of(
          state().containers.get(containerKey(event.engineId, event.data.container)),
        )) {
          if (reported.has(warning)) continue;
          reported.add(warning);
          report(warning);
        }
      }
    },
    list: () => [...state().containers.values()].flatMap(of),
  };
}
