/** Appends batches on one connection: all of a batch in one commit, or nothing. */
import { randomBytes } from 'node:crypto';
import type { DatabaseFile } from '../db/open.ts';
import type { EventId } from '../events/ids.ts';
import { chainHash, digestPayload, genesis } from './chain.ts';
import type { EncodedEvent } from './encode.ts';
import { createInsert } from './insert.ts';
import { createNames } from './names.ts';

export interface Head {
  readonly position: number;
  readonly hash: Buffer;
  readonly recordedAt: number;
}

export type Appended =
  | {
      readonly kind: 'appended';
      readonly head: Head;
      readonly hashes: readonly Buffer[];
    }
  | { readonly kind: 'conflict'; readonly head: Head }
  | { readonly kind: 'repeated'; readonly ids: readonly EventId[] };

export interface Appender {
  head(): Head;
  /** @throws {SqliteError} nothing was written then */
  append(batch: readonly EncodedEvent[], expectedHead: number, now: number): Appended;
}

const saltLength = 16;

export function createAppender(db: DatabaseFile): Appender {
  const statements = prepare(db);
  const names = createNames(db);
  const insert = createInsert(db, names);
  let head = readHead(db);
  /** A failed commit may have reached the disk all the same: what the file says counts. */
  let doubted = false;

  function append(batch: readonly EncodedEvent[], expectedHead: number, now: number): Appended {
    if (doubted) head = readHead(db);
    doubted = false;
    if (expectedHead !== head.position) return { kind: 'conflict', head };
    try {
      statements.begin.run();
      const outcome = insertAll(batch, Math.max(now, head.recordedAt));
      if (outcome.kind === 'appended') {
        statements.commit.run();
        head = outcome.head;
      } else undo();
      return outcome;
    } catch (error) {
      doubted = true;
      undo();
      throw error;
    }
  }

  function insertAll(batch: readonly EncodedEvent[], recordedAt: number): Appended {
    const salts = randomBytes(batch.length * saltLength);
    const hashes: Buffer[] = [];
    const repeated: EventId[] = [];
    let next = head;
    for (const [index, event] of batch.entries()) {
      const salt = salts.subarray(index * saltLength, (index + 1) * saltLength);
      const hash = add(event, next, recordedAt, salt);
      if (hash === null) repeated.push(event[0]);
      else {
        next = { position: next.position + 1, hash, recordedAt };
        hashes.push(hash);
      }
    }
    if (repeated.length > 0) return { kind: 'repeated', ids: repeated };
    return { kind: 'appended', head: next, hashes };
  }

  /** @returns the event's hash, or null if its id is in the log already */
  function add(event: EncodedEvent, previous: Head, recordedAt: number, salt: Buffer): Buffer | null {
    const [eventId, type, stream, engine, occurredAt, actorKind, actorName, root, cause, ...rest] = event;
    const [inferred, schemaVersion, data, specDigest, spec] = rest;
    if (specDigest !== null && spec !== null) names.storeSpec(specDigest, spec);
    const id = Buffer.from(eventId, 'hex');
    const fields = {
      previous: previous.hash,
      position: previous.position + 1,
      id,
      type,
      stream,
      engine,
      occurredAt,
      recordedAt,
      actorKind,
      actorName,
      correlation: root === eventId ? id : Buffer.from(root, 'hex'),
      causation: cause === null ? null : Buffer.from(cause, 'hex'),
      inferred,
      schemaVersion,
      dataDigest: digestPayload(salt, data),
      data,
      salt,
    };
    const hash = chainHash(fields);
    return insert(fields, hash) ? hash : null;
  }

  function undo(): void {
    names.forget();
    if (db.inTransaction) statements.rollback.run();
  }

  return { head: () => head, append };
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
  };
}
