/** Events to append and a quiet logger, for tests and the processes they start. */
import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import type { DataOf, EventType, NewEvent } from '../../src/events/event.ts';
import type { EventId, StreamId } from '../../src/events/ids.ts';

export const quiet = pino({ level: 'silent' });

export const newId = (): EventId => randomBytes(16).toString('hex') as EventId;

export function makeEvent<T extends EventType>(
  type: T,
  data: DataOf<T>,
  changes: Partial<Omit<NewEvent, 'type' | 'data'>> = {},
): NewEvent {
  const id = changes.id ?? newId();
  return {
    id,
    type,
    data,
    streamId: 'portolan' as StreamId,
    engineId: null,
    occurredAt: 1_767_600_000_123_456_789n,
    actor: { kind: 'portolan', name: 'portolan' },
    correlationId: id,
    causationId: null,
    inferred: false,
    ...changes,
  } as NewEvent;
}

export const makeNote = (
  reason = 'a test',
  changes: Partial<Omit<NewEvent, 'type' | 'data'>> = {},
): NewEvent => makeEvent('PortolanStopped', { reason }, changes);

export const makeNotes = (count: number): NewEvent[] =>
  Array.from({ length: count }, (_, index) => makeNote(`note ${index}`));
