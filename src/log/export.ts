/**
 * Exports the log as NDJSON, with the stored payload bytes: up to the head at the start, while the writer goes on. The
 * chain is checked on the way: a backup that no import would take must not pass for one.
 */
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type DatabaseFile, openDatabase } from '../db/open.ts';
import { readHead } from './append.ts';
import { toUnusable } from './faults.ts';
import { readNotedHead } from './head-file.ts';
import { logPath } from './path.ts';
import { LogUnusable } from './port.ts';
import { type EventLine, formatName, formatVersion } from './transfer-format.ts';
import { createVerifier, type ExpectedHead } from './verify.ts';

export interface ExportOptions {
  readonly dataDir: string;
  /** Ended when all is written. */
  readonly out: Writable;
  readonly onProgress?: (position: number, head: number) => void;
  readonly signal?: AbortSignal;
}

export interface Transferred {
  readonly events: number;
  readonly head: { readonly position: number; readonly hash: string };
}

const page = 500;

/** @throws {LogUnusable} there is no log, or it is broken; and what `out` fails with */
export async function exportLog(options: ExportOptions): Promise<Transferred> {
  const path = logPath(options.dataDir);
  const noted = readNotedHead(options.dataDir) ?? undefined;
  const { db, head } = open(path);
  try {
    const written = linesOf(db, head, createCheck(db, path, noted), options.onProgress);
    const lines = Readable.from(guarded(path, written), { highWaterMark: 4 });
    await pipeline(lines, options.out, { signal: options.signal });
    return { events: head.position, head };
  } finally {
    db.close();
  }
}

function open(path: string): { readonly db: DatabaseFile; readonly head: Transferred['head'] } {
  let db: DatabaseFile | undefined;
  try {
    db = openDatabase(path, { readonly: true, synchronous: 'FULL' });
    const { position, hash } = readHead(db);
    return { db, head: { position, hash: hash.toString('hex') } };
  } catch (error) {
    db?.close();
    throw toUnusable(error, path);
  }
}

function* guarded(path: string, lines: Generator<string>): Generator<string> {
  try {
    yield* lines;
  } catch (error) {
    throw toUnusable(error, path);
  }
}

interface Check {
  /** @throws {LogUnusable} at the first position up to this one that does not fit */
  upTo(position: number): void;
  /** @throws {LogUnusable} the log ends before the head that is noted beside it */
  end(): void;
}

function createCheck(db: DatabaseFile, path: string, noted: ExpectedHead | undefined): Check {
  const verifier = createVerifier(db, noted);
  function upTo(position: number): void {
    while (verifier.checkedTo() < position) {
      const result = verifier.step();
      if (result === null) continue;
      const { position: at, reason } = result.firstBad ?? { position, reason: 'the event is missing' };
      throw new LogUnusable(
        `${path} is broken at position ${at} (${reason}): an export would not be whole`,
        'damaged',
        'keep the file, and put a backup in its place: docs/operations.md, "Backup and restore"',
      );
    }
  }
  return { upTo, end: () => upTo(noted?.position ?? 0) };
}

/** Some lines at a time. No read transaction stays open in between. */
function* linesOf(
  db: DatabaseFile,
  head: Transferred['head'],
  check: Check,
  onProgress: ExportOptions['onProgress'],
): Generator<string> {
  const read = db.prepare(select);
  const specs = createSpecLines(db);
  yield line({ format: formatName, version: formatVersion });
  for (let after = 0; after < head.position; ) {
    const rows = read.all(after, head.position, page) as Row[];
    check.upTo(rows.at(-1)?.position ?? head.position);
    yield rows.map((row) => specs(row.data) + line(eventLine(row))).join('');
    after = rows.at(-1)!.position;
    onProgress?.(after, head.position);
  }
  check.end();
  yield line({ end: head.position, hash: head.hash });
}

const line = (value: object): string => `${JSON.stringify(value)}\n`;

/** The spec that a payload refers to, where it was not told yet; else nothing. */
function createSpecLines(db: DatabaseFile): (data: string | null) => string {
  const find = db.prepare('SELECT bytes FROM specs WHERE digest = ?').pluck();
  const told = new Set<string>();
  return (data) => {
    const spec = data === null ? undefined : specOf(data);
    if (spec === undefined || told.has(spec)) return '';
    const bytes = find.get(Buffer.from(spec, 'hex')) as string | undefined;
    if (bytes === undefined) return '';
    told.add(spec);
    return line({ spec, bytes });
  };
}

export const specOf = (data: string): string | undefined => /"spec":"([0-9a-f]{64})"/.exec(data)?.[1];

interface Row extends Omit<EventLine, 'actor' | 'inferred'> {
  readonly actorKind: EventLine['actor']['kind'];
  readonly actorName: string;
  readonly inferred: number;
}

const select = `SELECT e.position, lower(hex(e.id)) AS id, e.type, s.name AS streamId, n.name AS engineId,
  CAST(e.occurred_at AS TEXT) AS occurredAt, e.recorded_at AS recordedAt, e.actor_kind AS actorKind, e.actor_name AS actorName,
  lower(hex(coalesce(e.correlation, e.id))) AS correlationId,
  CASE WHEN e.causation IS NOT NULL THEN lower(hex(e.causation)) END AS causationId, e.inferred,
  e.schema_version AS schemaVersion, e.data, lower(hex(e.salt)) AS salt, lower(hex(e.data_digest)) AS dataDigest,
  lower(hex(e.hash)) AS hash
  FROM events e JOIN streams s ON s.id = e.stream LEFT JOIN engines n ON n.id = e.engine
  WHERE e.position > ? AND e.position <= ? ORDER BY e.position LIMIT ?`;

function eventLine({ actorKind, actorName, inferred, ...row }: Row): EventLine {
  const { position, id, type, streamId, engineId, occurredAt, recordedAt, ...rest } = row;
  const actor = { kind: actorKind, name: actorName };
  return {
    position,
    id,
    type,
    streamId,
    engineId,
    occurredAt,
    recordedAt,
    actor,
    ...rest,
    inferred: inferred === 1,
  };
}
