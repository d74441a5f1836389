/** An event: one row of the log. The union of all types, discriminated by `type`. */
import type { z } from 'zod';
import {
  commandFailedSchema,
  commandOutcomeUnknownSchema,
  commandRefusedSchema,
  commandRequestedSchema,
  commandSucceededSchema,
} from './commands.ts';
import {
  policyAppliedSchema,
  routeChangedSchema,
  routeClosedSchema,
  routeOpenedSchema,
  routeRefusedSchema,
} from './decisions.ts';
import type { EngineId, EventId, Position, StreamId } from './ids.ts';
import {
  engineConnectedSchema,
  engineLostSchema,
  historyGapDetectedSchema,
  logCompactedSchema,
  payloadRedactedSchema,
  portolanStartedSchema,
  portolanStoppedSchema,
  recordingGapDetectedSchema,
  snapshotTakenSchema,
} from './journal.ts';
import { containerLostSchema, containerObservedSchema } from './observations.ts';
import { signalDataSchema } from './signals.ts';

/** The schema of each type's `data`, in its current version. */
export const dataSchemas = {
  ContainerCreated: signalDataSchema,
  ContainerStarted: signalDataSchema,
  ContainerKilled: signalDataSchema,
  ContainerDied: signalDataSchema,
  ContainerStopped: signalDataSchema,
  ContainerOutOfMemory: signalDataSchema,
  ContainerPaused: signalDataSchema,
  ContainerUnpaused: signalDataSchema,
  ContainerRenamed: signalDataSchema,
  ContainerUpdated: signalDataSchema,
  ContainerHealthChanged: signalDataSchema,
  ContainerDestroyed: signalDataSchema,
  ContainerNetworkConnected: signalDataSchema,
  ContainerNetworkDisconnected: signalDataSchema,
  ContainerObserved: containerObservedSchema,
  ContainerLost: containerLostSchema,
  PolicyApplied: policyAppliedSchema,
  RouteOpened: routeOpenedSchema,
  RouteChanged: routeChangedSchema,
  RouteClosed: routeClosedSchema,
  RouteRefused: routeRefusedSchema,
  CommandRequested: commandRequestedSchema,
  CommandSucceeded: commandSucceededSchema,
  CommandFailed: commandFailedSchema,
  CommandRefused: commandRefusedSchema,
  CommandOutcomeUnknown: commandOutcomeUnknownSchema,
  PortolanStarted: portolanStartedSchema,
  PortolanStopped: portolanStoppedSchema,
  EngineConnected: engineConnectedSchema,
  EngineLost: engineLostSchema,
  HistoryGapDetected: historyGapDetectedSchema,
  RecordingGapDetected: recordingGapDetectedSchema,
  SnapshotTaken: snapshotTakenSchema,
  LogCompacted: logCompactedSchema,
  PayloadRedacted: payloadRedactedSchema,
} as const;

export type EventType = keyof typeof dataSchemas;
export const eventTypes = Object.keys(dataSchemas) as EventType[];
export type DataOf<T extends EventType> = z.infer<(typeof dataSchemas)[T]>;

/** Who did it: the engine's own doing, a caller of the API, someone outside Portolan, or Portolan itself. */
export interface Actor {
  readonly kind: 'engine' | 'api' | 'external' | 'portolan';
  readonly name: string;
}

interface Header {
  readonly id: EventId;
  readonly streamId: StreamId;
  readonly engineId: EngineId | null;
  /** Nanoseconds since the epoch on the clock of whoever saw it happen (the engine's for signals); shown, never orders. */
  readonly occurredAt: bigint;
  readonly actor: Actor;
  /** Id of the event at the root of the chain; its own for a root. */
  readonly correlationId: EventId;
  /** Id of the event that exactly caused this one; null for a root. */
  readonly causationId: EventId | null;
  readonly inferred: boolean;
}

interface Recorded {
  readonly position: Position;
  /** Milliseconds since the epoch, never decreasing along the log. */
  readonly recordedAt: number;
  readonly schemaVersion: number;
  /** Hex SHA-256 of this event chained to the one before it. */
  readonly hash: string;
}

type BodyOf<T extends EventType> = T extends EventType
  ? { readonly type: T; readonly data: DataOf<T> }
  : never;

/** An event before the writer gives it its place. */
export type NewEvent<T extends EventType = EventType> = Header & BodyOf<T>;
/** An event as the log holds it. */
export type Event<T extends EventType = EventType> = Header & Recorded & BodyOf<T>;
/** What a decision follows from: all of an event but what only the writer can know. */
export type Fact = NewEvent & Pick<Recorded, 'position' | 'recordedAt'>;
/** What a projection needs of an event. */
export type ProjectedEvent = FoldedEvent & Pick<Header, 'causationId' | 'inferred'>;
/** What the fold needs of an event. */
export type FoldedEvent = Pick<Header, 'id' | 'streamId' | 'engineId' | 'occurredAt' | 'actor'> &
  Pick<Recorded, 'position' | 'recordedAt'> &
  BodyOf<EventType>;
