/** Makes a new log of an export, with the same hashes: offline, into a folder that has none, all of it or nothing. */
import { hash } from 'node:crypto';
import { existsSync, renameSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { migrate } from '../db/migrate.ts';
import { type DatabaseFile, openDatabase } from '../db/open.ts';
import { chainHash, digestPayload, genesis } from './chain.ts';
import { makeDataFolder } from './data-folder.ts';
import { specOf, type Transferred } from './export.ts';
import { toUnusable } from './faults.ts';
import { createHeadNote, headPath } from './head-file.ts';
import { createInsert, type InsertedEvent } from './insert.ts';
import { LineTooLong, splitLines } from './lines.ts';
import { lockFolder } from './lock.ts';
import { createNames } from './names.ts';
import { logPath } from './path.ts';
import {
  type EventLine,
  endSchema,
  eventSchema,
  formatName,
  formatVersion,
  headerSchema,
  ImportRefused,
  specSchema,
} from './transfer-format.ts';
import { importPath, removeUnfinishedImport } from './unfinished-import.ts';

export interface ImportOptions {
  readonly dataDir: string;
  /** NDJSON, plain. */
  readonly input: Readable;
  readonly onProgress?: (position: number) => void;
}

const migrations = fileURLToPath(new URL('../../migrations/log', import.meta.url));
/** Events in one transaction. */
const batch = 1_000;

/**
 * @throws {ImportRefused} the folder has a log, or the file is none, damaged or cut; nothing is left behind
 * @throws {LogUnusable} the folder is in use or cannot be written
 */
export async function importLog({ dataDir, input, onProgress }: ImportOptions): Promise<Transferred> {
  makeDataFolder(dataDir);
  const lock = lockFolder(dataDir);
  const path = importPath(dataDir);
  try {
    refuseExisting(dataDir);
    removeUnfinishedImport(dataDir);
    const transferred = await fill(path, input, onProgress);
    renameSync(path, logPath(dataDir));
    // From here on an empty or shortened file is told from a new one.
    const { position, hash: head } = transferred.head;
    createHeadNote(dataDir).last({ position, hash: Buffer.from(head, 'hex') });
    return transferred;
  } catch (error) {
    removeUnfinishedImport(dataDir);
    throw error instanceof ImportRefused ? error : toUnusable(error, path);
  } finally {
    lock.release();
  }
}

function refuseExisting(dataDir: string): void {
  const found = [logPath(dataDir), headPath(dataDir)].find((file) => existsSync(file));
  if (found === undefined) return;
  throw new ImportRefused(
    `${found} exists: this folder has a log`,
    'has-log',
    'import into an empty --data-dir',
  );
}

async function fill(
  path: string,
  input: Readable,
  onProgress: ImportOptions['onProgress'],
): Promise<Transferred> {
  const db = openDatabase(path, { synchronous: 'FULL' });
  try {
    migrate(db, migrations);
    const intake = createIntake(db);
    let number = 0;
    db.exec('BEGIN IMMEDIATE');
    for await (const text of linesOf(input, () => number)) {
      number += 1;
      const problem = intake.take(text);
      if (problem !== null) throw badLine(number, problem);
      if (intake.position() % batch === 0 && db.inTransaction) {
        db.exec('COMMIT');
        db.exec('BEGIN IMMEDIATE');
        onProgress?.(intake.position());
      }
    }
    if (!intake.ended()) {
      throw new ImportRefused(
        `the file was cut after line ${number} (position ${intake.position()})`,
        'cut',
        'export again; the last line of an export begins with {"end"',
      );
    }
    db.exec('COMMIT');
    db.pragma('wal_checkpoint(TRUNCATE)');
    return { events: intake.position(), head: { position: intake.position(), hash: intake.hash() } };
  } finally {
    db.close();
  }
}

/** @throws {ImportRefused} it is not gzip as it should be, or was cut */
async function* linesOf(input: Readable, read: () => number): AsyncGenerator<string> {
  // Where a bad line has ended the reading, nobody else hears how the rest of the file fails.
  input.on('error', () => undefined);
  try {
    yield* splitLines(input);
  } catch (error) {
    if (error instanceof LineTooLong) throw badLine(read() + 1, error.message);
    const { code, message } = error as NodeJS.ErrnoException;
    if (!/^Z_/.test(code ?? '')) throw error;
    throw new ImportRefused(
      `the file is no whole gzip after line ${read()} (${message})`,
      'cut',
      'export again',
    );
  } finally {
    input.destroy();
  }
}

const badLine = (number: number, problem: string): ImportRefused =>
  new ImportRefused(`line ${number}: ${problem}`, 'bad-line', 'nothing was imported');

function createIntake(db: DatabaseFile) {
  const names = createNames(db);
  const insert = createInsert(db, names);
  const specs = new Set<string>();
  let begun = false;
  let ended = false;
  let position = 0;
  let recordedAt = 0;
  let previous: Buffer = genesis;

  function takeEvent(event: EventLine): string | null {
    if (event.position !== position + 1) return `position ${event.position} does not follow ${position}`;
    if (event.recordedAt < recordedAt) return 'recordedAt goes back';
    const spec = event.data === null ? undefined : specOf(event.data);
    if (event.type === 'ContainerObserved' && spec !== undefined && !specs.has(spec))
      return `the container spec ${spec} is missing`;
    const fields = fieldsOf(event, previous);
    if (event.data !== null && !digestPayload(fields.salt, event.data).equals(fields.dataDigest))
      return `the payload at position ${event.position} was changed`;
    const follows = chainHash(fields);
    if (follows.toString('hex') !== event.hash)
      return `the event at position ${event.position} does not follow from the one before it`;
    if (!insert(fields, follows)) return `the event at position ${event.position} has come before`;
    position = event.position;
    recordedAt = event.recordedAt;
    previous = follows;
    return null;
  }

  function takeSpec({ spec, bytes }: z.infer<typeof specSchema>): string | null {
    if (hash('sha256', bytes, 'hex') !== spec) return `the container spec ${spec} was changed`;
    names.storeSpec(spec, bytes);
    specs.add(spec);
    return null;
  }

  function takeEnd(end: z.infer<typeof endSchema>): string | null {
    ended = true;
    if (end.end === position && end.hash === previous.toString('hex')) return null;
    return `the export ends at position ${end.end}, but ${position} events came`;
  }

  return {
    /** @returns what is wrong with the line */
    take(text: string): string | null {
      const value = parse(text);
      if (!begun) {
        begun = headerSchema.safeParse(value).success;
        return begun ? null : foreign(value);
      }
      if (ended) return 'there is more after the end';
      if (value === null || typeof value !== 'object') return 'it is no JSON object';
      if ('end' in value) return read(endSchema, value, takeEnd);
      if ('spec' in value) return read(specSchema, value, takeSpec);
      return read(eventSchema, value, takeEvent);
    },
    position: () => position,
    hash: () => previous.toString('hex'),
    ended: () => ended,
  };
}

function fieldsOf(event: EventLine, previous: Buffer): InsertedEvent {
  const bytes = (digits: string): Buffer => Buffer.from(digits, 'hex');
  const { streamId: stream, engineId: engine, actor, ...rest } = event;
  return {
    ...rest,
    previous,
    stream,
    engine,
    actorKind: actor.kind,
    actorName: actor.name,
    id: bytes(event.id),
    occurredAt: BigInt(event.occurredAt),
    correlation: bytes(event.correlationId),
    causation: event.causationId === null ? null : bytes(event.causationId),
    salt: bytes(event.salt),
    dataDigest: bytes(event.dataDigest),
  };
}

function foreign(value: unknown): string {
  const { format, version } = (value ?? {}) as { readonly format?: unknown; readonly version?: unknown };
  return format === formatName && typeof version === 'number'
    ? `it is an export of format version ${version}; this Portolan knows ${formatVersion}`
    : 'it does not begin as an export of Portolan does';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function read<T>(schema: z.ZodType<T>, value: object, take: (read: T) => string | null): string | null {
  const parsed = schema.safeParse(value);
  if (parsed.success) return take(parsed.data);
  const [issue] = parsed.error.issues;
  return `${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'not as it should be'}`;
}
