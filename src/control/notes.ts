/** Facts that Portolan records about itself, its engine and the log: made here, so that each has its stream and actor. */
import type { Actor, DataOf, EventType } from '../events/event.ts';
import { type CommandId, commandStream, type EngineId, type EventId, portolanStream } from '../events/ids.ts';
import { commandKey, uniqueKey } from '../events/keys.ts';
import type { Input, Note } from '../routing/record.ts';

const portolan: Actor = { kind: 'portolan', name: 'portolan' };

type Journal =
  | 'PortolanStarted'
  | 'PortolanStopped'
  | 'EngineConnected'
  | 'EngineLost'
  | 'HistoryGapDetected'
  | 'RecordingGapDetected'
  | 'SnapshotTaken'
  | 'CommandRefused';

/** @param now milliseconds since the epoch */
export function journal<T extends Journal>(
  type: T,
  data: DataOf<T>,
  engineId: EngineId | null,
  now: number,
): Input {
  return note(type, data, uniqueKey(), portolan, engineId, now);
}

type CommandType = 'CommandRequested' | 'CommandSucceeded' | 'CommandFailed' | 'CommandOutcomeUnknown';

/** One event of each stage for one command: a command has one outcome, however often it is asked for. */
export function commandNote<T extends CommandType>(
  type: T,
  data: DataOf<T>,
  actor: Actor,
  engineId: EngineId | null,
  now: number,
  causedBy?: { readonly id: EventId; readonly correlationId: EventId },
): Input {
  const stage = type === 'CommandRequested' ? 'requested' : 'outcome';
  return note(type, data, commandKey(data.command, stage), actor, engineId, now, data.command, causedBy);
}

function note<T extends EventType>(
  type: T,
  data: DataOf<T>,
  id: EventId,
  actor: Actor,
  engineId: EngineId | null,
  now: number,
  command?: CommandId,
  causedBy?: { readonly id: EventId; readonly correlationId: EventId },
): Input {
  const streamId = command === undefined ? portolanStream : commandStream(command);
  const occurredAt = BigInt(now) * 1_000_000n;
  return { kind: 'note', note: { type, data, id, streamId, engineId, occurredAt, actor, causedBy } as Note };
}
