/** The one statement that puts an event into the log, for what happens and for what an export tells. */
import type { DatabaseFile } from '../db/open.ts';
import type { ChainFields } from './chain.ts';
import type { Names } from './names.ts';

/** What the chain covers, and what its payload digest was made of. */
export interface InsertedEvent extends ChainFields {
  readonly salt: Buffer;
  /** Null where it was redacted. */
  readonly data: string | null;
}

/** @returns whether it was put in: not if its id is in the log already */
export type Insert = (event: InsertedEvent, hash: Buffer) => boolean;

export function createInsert(db: DatabaseFile, names: Names): Insert {
  const statement =
    db.prepare(`INSERT INTO events (position, id, type, stream, engine, occurred_at, recorded_at,
    actor_kind, actor_name, correlation, causation, inferred, schema_version, data, salt, data_digest, hash)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`);
  return (event, hash) => {
    const { id, engine, correlation } = event;
    const { changes } = statement.run(
      event.position,
      id,
      event.type,
      names.streamOf(event.stream),
      engine === null ? null : names.engineOf(engine),
      event.occurredAt,
      event.recordedAt,
      event.actorKind,
      event.actorName,
      correlation.equals(id) ? null : correlation,
      event.causation,
      event.inferred ? 1 : 0,
      event.schemaVersion,
      event.data,
      event.salt,
      event.dataDigest,
      hash,
    );
    return changes > 0;
  };
}
