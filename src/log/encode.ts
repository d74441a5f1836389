/** Events as they travel to the writer thread: flat, and with the payload as the text that is stored. */
import type { Actor, EventType, NewEvent } from '../events/event.ts';
import type { EngineId, EventId, StreamId } from '../events/ids.ts';
import { splitPayload } from '../events/payload.ts';
import { currentVersion } from '../events/upcast.ts';

/** A tuple, as names would be copied with each event. */
export type EncodedEvent = readonly [
  id: EventId,
  type: EventType,
  stream: StreamId,
  engine: EngineId | null,
  occurredAt: bigint,
  actorKind: Actor['kind'],
  actorName: string,
  correlation: EventId,
  causation: EventId | null,
  inferred: boolean,
  schemaVersion: number,
  data: string,
  /** Hex SHA-256 of the spec's bytes, where the payload has one. */
  specDigest: string | null,
  spec: string | null,
];

export function encodeEvent(event: NewEvent): EncodedEvent {
  const { data, spec } = splitPayload(event);
  return [
    event.id,
    event.type,
    event.streamId,
    event.engineId,
    event.occurredAt,
    event.actor.kind,
    event.actor.name,
    event.correlationId,
    event.causationId,
    event.inferred,
    currentVersion(event.type),
    data,
    spec?.digest ?? null,
    spec?.bytes ?? null,
  ];
}
