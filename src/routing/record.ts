/** Turns what came in into the event that records it, or into nothing if the log knows it already. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Policy } from '../events/decisions.ts';
import type { Actor, EventType, NewEvent } from '../events/event.ts';
import {
  type ContainerId,
  containerStream,
  type EngineId,
  type EventId,
  portolanStream,
  type StreamId,
} from '../events/ids.ts';
import { observationKey, signalKey } from '../events/keys.ts';
import type { ContainerObservation } from '../events/observations.ts';
import type { Claimed, SignalType } from '../events/signals.ts';
import { containerKey, type State } from './state.ts';

/** A fact about Portolan, the log, the engine or a command: recorded as it is. */
export type Note = Omit<NewEvent, 'correlationId' | 'causationId' | 'inferred'> & {
  readonly causedBy?: { readonly id: EventId; readonly correlationId: EventId } | undefined;
};

export type Input =
  | {
      readonly kind: 'signal';
      readonly engine: EngineId;
      readonly type: SignalType;
      readonly timeNano: bigint;
      readonly source: string;
      readonly action: string;
      readonly container: ContainerId;
      readonly claimed: Claimed;
      readonly attributeDigest: string;
    }
  | {
      readonly kind: 'observed';
      readonly engine: EngineId;
      readonly observation: ContainerObservation;
      /** Set when no signal told of it: last known before, first seen after (RFC 3339). */
      readonly between: readonly [string | null, string] | null;
    }
  | {
      readonly kind: 'lost';
      readonly engine: EngineId;
      readonly container: ContainerId;
      readonly reason: 'destroyed' | 'not-found' | 'engine-replaced';
      readonly between: readonly [string | null, string] | null;
    }
  | { readonly kind: 'policy'; readonly policy: Policy; readonly id: EventId }
  | { readonly kind: 'note'; readonly note: Note };

/** @param now milliseconds since the epoch */
export function record(state: State, input: Input, now: number): NewEvent | null {
  switch (input.kind) {
    case 'signal':
      return recordSignal(input);
    case 'observed':
      return recordObservation(state, input, now);
    case 'lost':
      return recordLoss(state, input, now);
    case 'policy':
      if (isDeepStrictEqual(state.policy, input.policy)) return null;
      return root('PolicyApplied', { policy: input.policy }, input.id, portolanStream, null, now, portolan);
    case 'note': {
      const { causedBy, ...event } = input.note;
      const correlationId = causedBy?.correlationId ?? event.id;
      return { ...event, correlationId, causationId: causedBy?.id ?? null, inferred: false } as NewEvent;
    }
    default:
      return input satisfies never;
  }
}

const portolan: Actor = { kind: 'portolan', name: 'portolan' };
const engineActor: Actor = { kind: 'engine', name: 'engine' };

export const idOfSignal = (input: Input & { kind: 'signal' }): EventId =>
  signalKey(input.engine, input.timeNano, input.source, input.action, input.container, input.attributeDigest);

function recordSignal(input: Input & { kind: 'signal' }): NewEvent {
  const { engine, container, claimed } = input;
  const stream = containerStream(engine, container);
  const event = root(input.type, { container, claimed }, idOfSignal(input), stream, engine, 0, engineActor);
  return { ...event, occurredAt: input.timeNano };
}

function recordObservation(state: State, input: Input & { kind: 'observed' }, now: number): NewEvent | null {
  const { engine, observation, between } = input;
  const known = state.containers.get(containerKey(engine, observation.container));
  if (known !== undefined && !known.unreadable && isDeepStrictEqual(known.observation, observation))
    return null;
  const content = createHash('sha256').update(JSON.stringify(observation)).digest('hex');
  const id = observationKey(engine, observation.container, content, known?.observedBy ?? null);
  const stream = containerStream(engine, observation.container);
  const data = { ...observation, ...occurred(between) };
  return {
    ...root('ContainerObserved', data, id, stream, engine, now, engineActor),
    inferred: between !== null,
  };
}

function recordLoss(state: State, input: Input & { kind: 'lost' }, now: number): NewEvent | null {
  const { engine, container, reason, between } = input;
  const known = state.containers.get(containerKey(engine, container));
  if (known === undefined) return null;
  const id = observationKey(engine, container, reason, known.observedBy);
  const data = { container, name: known.observation.name, reason, ...occurred(between) };
  const stream = containerStream(engine, container);
  return { ...root('ContainerLost', data, id, stream, engine, now, engineActor), inferred: between !== null };
}

const occurred = (between: readonly [string | null, string] | null) =>
  between === null ? {} : { occurredBetween: [between[0], between[1]] as [string | null, string] };

/** An event that nothing in the log caused. */
function root<T extends EventType>(
  type: T,
  data: NewEvent<T>['data'],
  id: EventId,
  streamId: StreamId,
  engineId: EngineId | null,
  now: number,
  actor: Actor,
): NewEvent {
  const occurredAt = BigInt(now) * 1_000_000n;
  return {
    type,
    data,
    id,
    streamId,
    engineId,
    occurredAt,
    actor,
    correlationId: id,
    causationId: null,
    inferred: false,
  } as NewEvent;
}
