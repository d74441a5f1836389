/** Walks the chain and names the first position that does not fit. */
import { hash } from 'node:crypto';
import type { DatabaseFile } from '../db/open.ts';
import { chainHash, digestPayload, genesis } from './chain.ts';
import { createNameCache } from './names.ts';

export interface Broken {
  readonly position: number;
  readonly reason: string;
}

export interface Verification {
  readonly valid: boolean;
  readonly checkedTo: number;
  readonly firstBad: Broken | null;
}

/** A head that was noted elsewhere: only it shows a rewrite of everything. */
export interface ExpectedHead {
  readonly position: number;
  readonly hash: string;
}

const page = 2_000;

export interface Verifier {
  /** Checks some more. @returns null while there may be more */
  step(): Verification | null;
  checkedTo(): number;
}

export function createVerifier(db: DatabaseFile, expected?: ExpectedHead): Verifier {
  const walk = createWalk(db, { position: 0, hash: genesis });
  const bad = (reason: string): Verification => {
    const checkedTo = walk.at();
    return { valid: false, checkedTo, firstBad: { position: checkedTo + 1, reason } };
  };
  return {
    step() {
      const before = walk.at();
      const reason = walk.step(page, expected);
      if (reason !== null) return bad(reason);
      const checkedTo = walk.at();
      if (checkedTo !== before) return null;
      if (expected === undefined || expected.position <= checkedTo)
        return { valid: true, checkedTo, firstBad: null };
      return bad(`the log ends at ${checkedTo}, before the head that is expected`);
    },
    checkedTo: walk.at,
  };
}

/** All of it at once. */
export function verifyChain(db: DatabaseFile, expected?: ExpectedHead): Verification {
  const verifier = createVerifier(db, expected);
  for (;;) {
    const result = verifier.step();
    if (result !== null) return result;
  }
}

/** Checks the last `count` events only. */
export function verifyTail(db: DatabaseFile, count: number): Broken | null {
  const last = (db.prepare('SELECT max(position) FROM events').pluck().get() as number | null) ?? 0;
  const before = Math.max(0, last - count);
  const find = db.prepare('SELECT hash FROM events WHERE position = ?').pluck();
  const previous = before === 0 ? genesis : (find.get(before) as Buffer | undefined);
  if (previous === undefined) return { position: before, reason: 'the event is missing' };
  const walk = createWalk(db, { position: before, hash: previous });
  const reason = walk.step(count);
  return reason === null ? null : { position: walk.at() + 1, reason };
}

/** As a tuple, and its binary columns as one text: objects and buffers would cost more than the hashing. */
type ChainRow = readonly [
  position: number,
  type: string,
  stream: number,
  engine: number | null,
  occurredAt: string,
  recordedAt: number,
  actorKind: string,
  actorName: string,
  inferred: number,
  schemaVersion: number,
  data: string | null,
  /** In hex: hash (32 bytes), payload digest (32), id (16), correlation (16), salt (16), causation (16 or none). */
  binary: string,
];

const select = `SELECT position, type, stream, engine, CAST(occurred_at AS TEXT), recorded_at, actor_kind, actor_name,
  inferred, schema_version, data,
  hex(hash || data_digest || id || coalesce(correlation, id) || salt || coalesce(causation, x''))
  FROM events WHERE position > ? ORDER BY position LIMIT ?`;

function createWalk(db: DatabaseFile, from: { readonly position: number; readonly hash: Buffer }) {
  const read = db.prepare(select).raw();
  const streams = createNameCache(db, 'streams');
  const engines = createNameCache(db, 'engines');
  const specIsWhole = createSpecCheck(db);
  let { position, hash: previous } = from;

  function check(row: ChainRow, expected: ExpectedHead | undefined): string | null {
    const [at, type, streamNumber, engineNumber, occurredAt, recordedAt, actorKind, actorName] = row;
    const [, , , , , , , , inferred, schemaVersion, data, hex] = row;
    const binary = Buffer.from(hex, 'hex');
    if (at !== position + 1) return `the event is missing; the next one is ${at}`;
    const stream = streams(streamNumber);
    const engine = engineNumber === null ? null : engines(engineNumber);
    if (stream === null || (engine === null && engineNumber !== null))
      return 'its stream or engine is missing';
    const dataDigest = binary.subarray(32, 64);
    if (data !== null && !digestPayload(binary.subarray(96, 112), data).equals(dataDigest))
      return 'its payload was changed';
    const follows = chainHash({
      previous,
      position: at,
      id: binary.subarray(64, 80),
      type,
      stream,
      engine,
      occurredAt,
      recordedAt,
      actorKind,
      actorName,
      correlation: binary.subarray(80, 96),
      causation: binary.length === 112 ? null : binary.subarray(112),
      inferred: inferred === 1,
      schemaVersion,
      dataDigest,
    });
    const hash = binary.subarray(0, 32);
    if (!hash.equals(follows)) return 'it does not follow from the event before it';
    if (type === 'ContainerObserved' && data !== null && !specIsWhole(data))
      return 'the container spec it refers to was changed or is missing';
    if (at === expected?.position && hash.toString('hex') !== expected.hash)
      return 'its hash is not the one that is expected';
    previous = hash;
    position = at;
    return null;
  }

  return {
    /** The last position that fits. */
    at: () => position,
    /** Checks up to `count` more. @returns what is wrong with the next position, if anything is */
    step(count: number, expected?: ExpectedHead): string | null {
      for (const row of readRows(read, position, count)) {
        if (row === 'unreadable') return 'it cannot be read: the file is damaged';
        const reason = check(row, expected);
        if (reason !== null) return reason;
      }
      return null;
    },
  };
}

/** In a damaged file, row by row up to the first that cannot be read. */
function* readRows(
  read: { all(...values: number[]): unknown[] },
  after: number,
  count: number,
): Generator<ChainRow | 'unreadable'> {
  try {
    yield* read.all(after, count) as ChainRow[];
  } catch (error) {
    if (!isDamage(error)) throw error;
    for (let position = after; position < after + count; position += 1) {
      try {
        yield* read.all(position, 1) as ChainRow[];
      } catch (nearer) {
        if (!isDamage(nearer)) throw nearer;
        yield 'unreadable';
        return;
      }
    }
  }
}

const isDamage = (error: unknown): boolean =>
  /^SQLITE_CORRUPT/.test(String((error as { code?: unknown } | null)?.code));

function createSpecCheck(db: DatabaseFile): (data: string) => boolean {
  const find = db.prepare('SELECT bytes FROM specs WHERE digest = ?').pluck();
  const whole = new Set<string>();
  return (data) => {
    const digest = /"spec":"([0-9a-f]{64})"/.exec(data)?.[1];
    if (digest === undefined || whole.has(digest)) return true;
    const bytes = find.get(Buffer.from(digest, 'hex'));
    if (typeof bytes !== 'string' || hash('sha256', bytes, 'hex') !== digest) return false;
    whole.add(digest);
    return true;
  };
}
