/** An event as people get it: instants as RFC 3339. */
import type { Event } from '../events/event.ts';
import type { EventView } from './port.ts';

/** @param containerName where the event does not tell it */
export function eventView(event: Event, containerName: string | null): EventView {
  const { position, id, type, streamId, engineId, actor, correlationId, causationId, inferred } = event;
  const { occurredAt, recordedAt, schemaVersion, data, hash } = event;
  return {
    position,
    id,
    type,
    streamId,
    engineId,
    occurredAt: rfc3339(occurredAt),
    recordedAt: new Date(recordedAt).toISOString(),
    actor,
    correlationId,
    causationId,
    inferred,
    schemaVersion,
    data,
    hash,
    ...(containerName === null ? {} : { containerName }),
  };
}

/** Nanoseconds since the epoch, with as many decimals as they have. */
function rfc3339(nanoseconds: bigint): string {
  const seconds = new Date(Number(nanoseconds / 1_000_000n)).toISOString().slice(0, 19);
  const fraction = (nanoseconds % 1_000_000_000n).toString().padStart(9, '0');
  return `${seconds}.${fraction.replace(/0{6}$/, '')}Z`;
}
