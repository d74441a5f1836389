/** The refusals of a container that stand, as they are shown: the same now and of the past. */
import type { RefusalReason, RouteMatch } from '../events/decisions.ts';
import type { ContainerId, Position } from '../events/ids.ts';
import type { ContainerKey, RecordedRefusal, State } from './state.ts';

export interface StandingRefusal {
  readonly container: ContainerId;
  readonly name: string;
  readonly match: RouteMatch | null;
  readonly reason: RefusalReason;
  readonly detail: string;
  readonly position: Position;
  /** RFC 3339. */
  readonly since: string;
}

/** @param list those of that container */
export function standingRefusals(
  state: State,
  key: ContainerKey,
  list: readonly RecordedRefusal[],
): StandingRefusal[] {
  const observation = state.containers.get(key)?.observation;
  if (observation === undefined) return [];
  const { container, name } = observation;
  return list.map(({ match, reason, detail, position, since }) => ({
    container,
    name,
    match,
    reason,
    detail,
    position,
    since: new Date(since).toISOString(),
  }));
}
