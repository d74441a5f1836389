/**
 * The hash chain: each event's hash covers its fields, the digest of its stored payload and the hash before it.
 *
 *     payload digest = SHA-256(salt || payload bytes)
 *     hash           = SHA-256(each field as LENGTH:BYTES, in the order of `ChainFields`)
 *
 * The payload enters by its digest alone, and salted, so that it can be redacted later without breaking the chain and
 * without being guessed from its digest. An edited, removed, inserted or reordered row shows; a rewrite of everything
 * from some row on does not: only a head that was noted elsewhere does.
 */
import { createHash } from 'node:crypto';

/** Hash before the first event. */
export const genesis = Buffer.alloc(32);

export interface ChainFields {
  readonly previous: Buffer;
  readonly position: number;
  readonly id: Buffer;
  readonly type: string;
  readonly stream: string;
  readonly engine: string | null;
  readonly occurredAt: bigint;
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
  createHash('sha256').update(salt).update(data).digest();

export function chainHash(fields: ChainFields): Buffer {
  const texts = [
    fields.position,
    fields.type,
    fields.stream,
    fields.engine ?? '',
    fields.occurredAt,
    fields.recordedAt,
    fields.actorKind,
    fields.actorName,
    fields.inferred ? 1 : 0,
    fields.schemaVersion,
  ].map(String);
  const prefixed = texts.map((text) => `${Buffer.byteLength(text)}:${text}`).join('');
  const hash = createHash('sha256').update(fields.previous).update(fields.id).update(fields.correlation);
  // A length of 0 tells "no cause" from any cause; every other field here has a fixed length.
  hash.update(fields.causation === null ? '0:' : '16:');
  if (fields.causation !== null) hash.update(fields.causation);
  return hash.update(prefixed).update(fields.dataDigest).digest();
}
