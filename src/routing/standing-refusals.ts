/** The refusals of a container that stand, as they are shown: the same now and of the past. */
import type { ContainerId } from '../events/ids.ts';
import type { ContainerKey, RecordedRefusal, State } from './state.ts';

export interface StandingRefusal extends Omit<RecordedRefusal, 'since'> {
  readonly container: ContainerId;
  readonly name: string;
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
  return list.map(({ since, ...refusal }) => ({
    container,
    name,
    ...refusal,
    since: new Date(since).toISOString(),
  }));
}
