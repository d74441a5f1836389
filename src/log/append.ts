/** Appends batches on one connection: all of a batch in one commit, or nothing. */
import { randomBytes } from 'node:crypto';
import type { DatabaseFile } from '../db/open.ts';
import type { NewEvent } from '../events/event.ts';
import type { EventId } from '../events/ids.ts';
import { splitPayload } from '../events/payload.ts';
import { currentVersion } from '../events/upcast.ts';
import { chainHash, digestPayload, genesis } from './chain.ts';

export interface Head {
  readonly position: number;
  readonly hash: Buffer;
  readonly recordedAt: number;
}

export type Appended =
  | {
      readonly kind: 'appended';
      readonly head: Head;
      readonly recordedAt: number;
      readonly hashes: readonly Buffer[];
    }
  | { readonly kind: 'conflict'; readonly head: Head }
  | { readonly kind: 'repeated'; readonly ids: readonly EventId[] };

export interface Appender {
  head(): Head;
  /** @throws {SqliteError} nothing was written then */
  append(batch: readonly NewEvent[], expectedHead: number, now: number): Appended;
}

export function createAppender(db: DatabaseFile): Appender {
  const statements = prepare(db);
  const streams = createNames(statements.findStream, statements.insertStream);
  const engines = createNames(statements.findEngine, statements.insertEngine);
  const storedSpecs = new Set<string>();
  let head = readHead(db);

  function repeats(batch: readonly NewEvent[]): EventId[] {
    const seen = new Set<EventId>();
    return batch
      .map((event) => event.id)
      .filter((id) => {
        const repeated = seen.has(id) || statements.findId.get(Buffer.from(id, 'hex')) !== undefined;
        seen.add(id);
        return repeated;
      });
  }

  function insert(event: NewEvent, previous: Head, recordedAt: number): Head {
    const { data, spec } = splitPayload(event);
    if (spec !== null) storeSpec(spec.digest, spec.bytes);
    const position = previous.position + 1;
    const id = Buffer.from(event.id, 'hex');
    const salt = randomBytes(16);
    const dataDigest = digestPayload(salt, data);
    const correlation = event.correlationId === event.id ? null : Buffer.from(event.correlationId, 'hex');
    const causation = event.causationId === null ? null : Buffer.from(event.causationId, 'hex');
    const schemaVersion = currentVersion(event.type);
    const hash = chainHash({
      previous: previous.hash,
      position,
      id,
      type: event.type,
      stream: event.streamId,
      engine: event.engineId,
      occurredAt: event.occurredAt,
      recordedAt,
      actorKind: event.actor.kind,
      actorName: event.actor.name,
      correlation: correlation ?? id,
      causation,
      inferred: event.inferred,
      schemaVersion,
      dataDigest,
    });
    statements.insertEvent.run(
      position,
      id,
      event.type,
      streams.idOf(event.streamId),
      event.engineId === null ? null : engines.idOf(event.engineId),
      event.occurredAt,
      recordedAt,
      event.actor.kind,
      event.actor.name,
      correlation,
      causation,
      event.inferred ? 1 : 0,
      schemaVersion,
      data,
      salt,
      dataDigest,
      hash,
    );
    return { position, hash, recordedAt };
  }

  function storeSpec(digest: Buffer, bytes: string): void {
    const key = digest.toString('hex');
    if (storedSpecs.has(key)) return;
    statements.insertSpec.run(digest, bytes);
    if (storedSpecs.size >= 10_000) storedSpecs.clear();
    storedSpecs.add(key);
  }

  function forgetUncommitted(): void {
    streams.forget();
    engines.forget();
    storedSpecs.clear();
  }

  return {
    head: () => head,
    append(batch, expectedHead, now) {
      if (expectedHead !== head.position) return { kind: 'conflict', head };
      const ids = repeats(batch);
      if (ids.length > 0) return { kind: 'repeated', ids };
      const recordedAt = Math.max(now, head.recordedAt);
      const hashes: Buffer[] = [];
      let next = head;
      try {
        statements.begin.run();
        for (const event of batch) {
          next = insert(event, next, recordedAt);
          hashes.push(next.hash);
        }
        statements.commit.run();
      } catch (error) {
        if (db.inTransaction) statements.rollback.run();
        forgetUncommitted();
        throw error;
      }
      head = next;
      return { kind: 'appended', head, recordedAt, hashes };
    },
  };
}

export function readHead(db: DatabaseFile): Head {
  const row = db
    .prepare('SELECT position, hash, recorded_at AS recordedAt FROM events ORDER BY position DESC LIMIT 1')
    .get() as Head | undefined;
  return row ?? { position: 0, hash: genesis, recordedAt: 0 };
}

function prepare(db: DatabaseFile) {
  return {
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
    rollback: db.prepare('ROLLBACK'),
    findId: db.prepare('SELECT 1 FROM events WHERE id = ?'),
    findStream: db.prepare('SELECT id FROM streams WHERE name = ?').pluck(),
    insertStream: db.prepare('INSERT INTO streams (name) VALUES (?)'),
    findEngine: db.prepare('SELECT id FROM engines WHERE name = ?').pluck(),
    insertEngine: db.prepare('INSERT INTO engines (name) VALUES (?)'),
    insertSpec: db.prepare('INSERT INTO specs (digest, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING'),
    insertEvent: db.prepare(`INSERT INTO events (position, id, type, stream, engine, occurred_at, recorded_at,
      actor_kind, actor_name, correlation, causation, inferred, schema_version, data, salt, data_digest, hash)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
  };
}

type Statement = ReturnType<DatabaseFile['prepare']>;

/** Numbers of names that are stored once; a bounded memory before the table. */
function createNames(find: Statement, insert: Statement) {
  const known = new Map<string, number>();
  return {
    idOf(name: string): number {
      const remembered = known.get(name);
      if (remembered !== undefined) return remembered;
      const stored = find.get(name) as number | undefined;
      const id = stored ?? Number(insert.run(name).lastInsertRowid);
      if (known.size >= 10_000) known.clear();
      known.set(name, id);
      return id;
    },
    forget: () => known.clear(),
  };
}
