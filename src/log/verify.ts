/** Walks the chain and names the first position that does not fit. */
import { createHash } from 'node:crypto';
import type { DatabaseFile } from '../db/open.ts';
import { chainHash, digestPayload, genesis } from './chain.ts';

export interface Broken {
  readonly position: number;
  readonly reason: string;
}

export interface Verification {
  readonly valid: boolean;
  readonly checkedTo: number;
  readonly firstBad: Broken | null;
}

interface ChainRow {
  readonly position: number;
  readonly id: Buffer;
  readonly type: string;
  readonly stream: string | null;
  readonly engine: string | null;
  readonly occurredAt: string;
  readonly recordedAt: number;
  readonly actorKind: string;
  readonly actorName: string;
  readonly correlation: Buffer | null;
  readonly causation: Buffer | null;
  readonly inferred: number;
  readonly schemaVersion: number;
  readonly data: string | null;
  readonly salt: Buffer;
  readonly dataDigest: Buffer;
  readonly hash: Buffer;
}

const select = `SELECT e.position, e.id, e.type, s.name AS stream, n.name AS engine,
  CAST(e.occurred_at AS TEXT) AS occurredAt, e.recorded_at AS recordedAt, e.actor_kind AS actorKind,
  e.actor_name AS actorName, e.correlation, e.causation, e.inferred, e.schema_version AS schemaVersion, e.data, e.salt,
  e.data_digest AS dataDigest, e.hash
  FROM events e LEFT JOIN streams s ON s.id = e.stream LEFT JOIN engines n ON n.id = e.engine
  WHERE e.position > ? ORDER BY e.position LIMIT ?`;

const page = 2_000;

/** @param expected a head noted elsewhere; the log must hold it */
export function verifyChain(db: DatabaseFile, expected?: { position: number; hash: string }): Verification {
  let previous: Buffer = genesis;
  let position = 0;
  const read = db.prepare(select);
  const specs = createSpecCheck(db);
  for (;;) {
    const rows = read.all(position, page) as ChainRow[];
    for (const row of rows) {
      const reason = check(row, position + 1, previous, specs) ?? checkExpected(row, expected);
      if (reason !== null)
        return { valid: false, checkedTo: position, firstBad: { position: position + 1, reason } };
      previous = row.hash;
      position = row.position;
    }
    if (rows.length < page) break;
  }
  if (expected !== undefined && expected.position > position) {
    const reason = `the log ends at ${position}, before the head that is expected`;
    return { valid: false, checkedTo: position, firstBad: { position: position + 1, reason } };
  }
  return { valid: true, checkedTo: position, firstBad: null };
}

/** Checks the last `count` events only. */
export function verifyTail(db: DatabaseFile, count: number): Broken | null {
  const last = (db.prepare('SELECT max(position) FROM events').pluck().get() as number | null) ?? 0;
  let position = Math.max(0, last - count);
  let previous = position === 0 ? genesis : (hashAt(db, position) ?? genesis);
  const specs = createSpecCheck(db);
  for (const row of db.prepare(select).all(position, count) as ChainRow[]) {
    const reason = check(row, position + 1, previous, specs);
    if (reason !== null) return { position: position + 1, reason };
    previous = row.hash;
    position = row.position;
  }
  return null;
}

const hashAt = (db: DatabaseFile, position: number): Buffer | undefined =>
  db.prepare('SELECT hash FROM events WHERE position = ?').pluck().get(position) as Buffer | undefined;

function check(
  row: ChainRow,
  position: number,
  previous: Buffer,
  specIsWhole: (digest: string) => boolean,
): string | null {
  if (row.position !== position) return `the event is missing; the next one is ${row.position}`;
  if (row.stream === null) return 'its stream is missing';
  if (row.data !== null && !digestPayload(row.salt, row.data).equals(row.dataDigest))
    return 'its payload was changed';
  const { stream, correlation, inferred, occurredAt } = row;
  const hash = chainHash({
    ...row,
    previous,
    stream,
    correlation: correlation ?? row.id,
    inferred: inferred === 1,
    occurredAt: BigInt(occurredAt),
  });
  if (!hash.equals(row.hash)) return 'it does not follow from the event before it';
  const spec =
    row.type === 'ContainerObserved' ? /"spec":"([0-9a-f]{64})"/.exec(row.data ?? '')?.[1] : undefined;
  return spec === undefined || specIsWhole(spec)
    ? null
    : 'the container spec it refers to was changed or is missing';
}

function checkExpected(
  row: ChainRow,
  expected: { position: number; hash: string } | undefined,
): string | null {
  if (expected === undefined || row.position !== expected.position) return null;
  return row.hash.toString('hex') === expected.hash ? null : 'its hash is not the one that is expected';
}

function createSpecCheck(db: DatabaseFile): (digest: string) => boolean {
  const find = db.prepare('SELECT bytes FROM specs WHERE digest = ?').pluck();
  const whole = new Set<string>();
  return (digest) => {
    if (whole.has(digest)) return true;
    const bytes = find.get(Buffer.from(digest, 'hex')) as string | undefined;
    if (bytes === undefined || createHash('sha256').update(bytes).digest('hex') !== digest) return false;
    whole.add(digest);
    return true;
  };
}
