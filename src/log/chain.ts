/**
 * The hash chain: each event's hash covers its fields, the digest of its stored payload and the hash before it.
 *
 *     payload digest = SHA-256(salt || payload bytes)
 *     hash           = SHA-256(fields, each as LENGTH:BYTES)
 *
 * The fields, in this order: hash before it (32 bytes, zeros for the first), position, id (16 bytes), type, stream id,
 * engine id, occurredAt (nanoseconds), recordedAt (milliseconds), actor's kind, actor's name, correlation id (16 bytes),
 * causation id (16 bytes), inferred (0 or 1), schema version, payload digest (32 bytes). LENGTH is in bytes; it and all
 * numbers are decimal; text is UTF-8; a field without value is `-:`.
 *
 * The payload enters by its digest alone, and salted, so that it can be redacted later without breaking the chain and
 * without being guessed from its digest. An edited, removed, inserted or reordered row shows; a rewrite of everything
 * from some row on does not: only a head that was noted elsewhere does.
 */
import { hash } from 'node:crypto';

/** Hash before the first event. */
export const genesis = Buffer.alloc(32);

export interface ChainFields {
  readonly previous: Buffer;
  readonly position: number;
  readonly id: Buffer;
  readonly type: string;
  readonly stream: string;
  readonly engine: string | null;
  /** Nanoseconds. */
  readonly occurredAt: bigint | string;
  readonly recordedAt: number;
  readonly actorKind: string;
  readonly actorName: string;
  readonly correlation: Buffer;
  readonly causation: Buffer | null;
  readonly inferred: boolean;
  readonly schemaVersion: number;
  readonly dataDigest: Buffer;
}

export const digestPayload = (salt: Buffer, data: string): Buffer =>
  hash('sha256', Buffer.concat([salt, Buffer.from(data)]), 'buffer');

// Bytes as latin1 text, one character each: joined as text and hashed at once, which is half the time of many updates.
export function chainHash(fields: ChainFields): Buffer {
  const { causation, engine } = fields;
  const joined =
    bytes(fields.previous) +
    text(fields.position) +
    bytes(fields.id) +
    text(fields.type) +
    text(fields.stream) +
    (engine === null ? none : text(engine)) +
    text(fields.occurredAt) +
    text(fields.recordedAt) +
    text(fields.actorKind) +
    text(fields.actorName) +
    bytes(fields.correlation) +
    (causation === null ? none : bytes(causation)) +
    text(fields.inferred ? 1 : 0) +
    text(fields.schemaVersion) +
    bytes(fields.dataDigest);
  return hash('sha256', Buffer.from(joined, 'latin1'), 'buffer');
}

const none = '-:';
const bytes = (field: Buffer): string => `${field.length}:${field.toString('latin1')}`;

function text(field: string | number | bigint): string {
  const plain = String(field);
  const length = Buffer.byteLength(plain);
  return `${length}:${length === plain.length ? plain : Buffer.from(plain).toString('latin1')}`;
}
