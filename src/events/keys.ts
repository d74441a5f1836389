/** Event ids: the digest of a key that says when two records are the same event, so that a repeat burns no position. */
import { createHash, randomUUID } from 'node:crypto';
import type { ContainerId, EngineId, EventId } from './ids.ts';

/** A signal is the same if engine, time, type, action, actor and attributes are. */
export const signalKey = (
  engine: EngineId,
  timeNano: bigint,
  kind: string,
  action: string,
  actor: string,
  attributeDigest: string,
): EventId => digest('signal', engine, timeNano.toString(), kind, action, actor, attributeDigest);

/** An observation is the same if its content follows the same observation of the same container. */
export const observationKey = (
  engine: EngineId,
  container: ContainerId,
  content: string,
  previous: EventId | null,
): EventId => digest('observation', engine, container, content, previous ?? '');

/** A decision is the nth consequence of its cause. */
export const decisionKey = (cause: EventId, ordinal: string): EventId => digest('decision', cause, ordinal);

/** Events that happen once by themselves (start, stop, connection). */
export const uniqueKey = (): EventId => digest('unique', randomUUID());

/** A command's events: one of each stage for one idempotency key. */
export const commandKey = (command: string, stage: string): EventId => digest('command', command, stage);

/** Hex SHA-256 over length-prefixed parts, cut to 128 bits: no two part lists give the same bytes. */
function digest(...parts: string[]): EventId {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return hash.digest('hex').slice(0, 32) as EventId;
}
