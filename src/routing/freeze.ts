/** The deciding state as bytes for a snapshot, and back. What is derived is left out and computed again. */
import type { RouteId } from '../events/ids.ts';
import { derive } from './evolve.ts';
import type { Route } from './route.ts';
import { type Container, createState, type OpenCommand, type RecordedRefusal, type State } from './state.ts';

interface Frozen {
  readonly position: State['position'];
  readonly recordedAt: number;
  readonly policy: State['policy'];
  readonly engine: State['engine'];
  readonly lastSignal: State['lastSignal'];
  readonly containers: readonly FrozenContainer[];
  readonly routes: readonly Route[];
  readonly refusals: readonly (readonly [Container['key'], readonly RecordedRefusal[]])[];
  readonly commands: readonly OpenCommand[];
}

type FrozenContainer = Omit<Container, 'claimedSince' | 'intent'> & {
  readonly claimedSince: readonly (readonly [string, number])[];
};

export function freeze(state: State): Uint8Array {
  const frozen: Frozen = {
    position: state.position,
    recordedAt: state.recordedAt,
    policy: state.policy,
    engine: state.engine,
    lastSignal: state.lastSignal,
    containers: [...state.containers.values()].map(({ intent: _, ...container }) => ({
      ...container,
      claimedSince: [...container.claimedSince],
    })),
    routes: [...state.routes.values()],
    refusals: [...state.refusals],
    commands: [...state.commands.values()],
  };
  return Buffer.from(JSON.stringify(frozen));
}

/** @throws {SyntaxError} if the bytes are not JSON; callers check their digest first */
export function thaw(bytes: Uint8Array): State {
  const frozen = JSON.parse(Buffer.from(bytes).toString()) as Frozen;
  const state = createState();
  state.position = frozen.position;
  state.recordedAt = frozen.recordedAt;
  state.policy = frozen.policy;
  state.engine = frozen.engine;
  state.lastSignal = frozen.lastSignal;
  for (const container of frozen.containers) {
    const claimedSince = new Map(container.claimedSince) as Container['claimedSince'];
    const intent = { owner: '', claims: [], refusals: [], warnings: [] };
    state.containers.set(container.key, { ...container, claimedSince, intent });
  }
  for (const route of frozen.routes) state.routes.set(route.id as RouteId, route);
  for (const [key, refusals] of frozen.refusals) state.refusals.set(key, refusals);
  for (const command of frozen.commands) state.commands.set(command.command, command);
  derive(state);
  return state;
}

/** A copy that shares nothing that changes. */
export const copyState = (state: State): State => thaw(freeze(state));
