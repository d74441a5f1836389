/** Rows of the log as events: payloads joined with their specs, upcast and checked. */
import { ZodError } from 'zod';
import type { DatabaseFile } from '../db/open.ts';
import type { Actor, Event, EventType, ProjectedEvent } from '../events/event.ts';
import type { EngineId, EventId, Position, StreamId } from '../events/ids.ts';
import { joinPayload } from '../events/payload.ts';
import { eventTypeOf, upcast } from '../events/upcast.ts';
import { createNameCache } from './names.ts';
import type { UnreadableEvent } from './port.ts';

/** As a tuple (`raw`), and the binary columns as one hex text: objects and buffers would cost more than the reading. */
export type Row = readonly [
  position: number,
  type: string,
  stream: number,
  engine: number | null,
  /** Text, as nanoseconds do not fit a number. */
  occurredAt: string,
  recordedAt: number,
  actorKind: Actor['kind'],
  actorName: string,
  inferred: number,
  schemaVersion: number,
  data: string | null,
  /** Hash (64 digits), id (32), correlation (32), causation (32 or none). */
  digests: string,
];

export const columns = `position, type, stream, engine, CAST(occurred_at AS TEXT), recorded_at, actor_kind, actor_name,
  inferred, schema_version, data, lower(hex(hash || id || coalesce(correlation, id) || coalesce(causation, '')))`;

/** What folds and projections need of a row. */
export type FoldedRow = readonly [
  position: number,
  type: string,
  stream: number,
  engine: number | null,
  occurredAt: string,
  recordedAt: number,
  actorKind: Actor['kind'],
  actorName: string,
  inferred: number,
  schemaVersion: number,
  data: string | null,
  /** Id (32 digits), causation (32 or none). */
  digests: string,
];

export const foldedColumns = `position, type, stream, engine, CAST(occurred_at AS TEXT), recorded_at, actor_kind, actor_name,
  inferred, schema_version, data, lower(hex(id || coalesce(causation, '')))`;

export interface Rows {
  toEvent(row: Row): Event | UnreadableEvent;
  toFolded(row: FoldedRow): ProjectedEvent | UnreadableEvent;
}

export const isUnreadable = (event: ProjectedEvent | UnreadableEvent): event is UnreadableEvent =>
  'problem' in event;

export function createRows(db: DatabaseFile): Rows {
  const streams = createNameCache(db, 'streams');
  const engines = createNameCache(db, 'engines');
  const specs = createSpecs(db);

  function toEvent(row: Row): Event | UnreadableEvent {
    const [position, type, stream, engine, occurredAt, recordedAt, kind, name, inferred, version, data] = row;
    const digests = row[11];
    try {
      return {
        position: position as Position,
        id: digests.slice(64, 96) as EventId,
        type: known(type),
        streamId: named(streams(stream)) as StreamId,
        engineId: engine === null ? null : (named(engines(engine)) as EngineId),
        occurredAt: BigInt(occurredAt),
        recordedAt,
        actor: { kind, name },
        correlationId: digests.slice(96, 128) as EventId,
        causationId: digests.length === 128 ? null : (digests.slice(128) as EventId),
        inferred: inferred === 1,
        schemaVersion: version,
        data: dataOf(type, version, data),
        hash: digests.slice(0, 64),
      } as Event;
    } catch (error) {
      return unreadable(error, position, recordedAt, type, stream);
    }
  }

  function toFolded(row: FoldedRow): ProjectedEvent | UnreadableEvent {
    const [position, type, stream, engine, occurredAt, recordedAt, kind, name, inferred, version, data] = row;
    const digests = row[11];
    try {
      return {
        position: position as Position,
        id: (digests.length === 32 ? digests : digests.slice(0, 32)) as EventId,
        type: known(type),
        streamId: named(streams(stream)) as StreamId,
        engineId: engine === null ? null : (named(engines(engine)) as EngineId),
        occurredAt: BigInt(occurredAt),
        recordedAt,
        actor: { kind, name },
        causationId: digests.length === 32 ? null : (digests.slice(32) as EventId),
        inferred: inferred === 1,
        data: dataOf(type, version, data),
      } as ProjectedEvent;
    } catch (error) {
      return unreadable(error, position, recordedAt, type, stream);
    }
  }

  /** Set aside and reported by whoever reads; the rest is served. */
  function unreadable(
    error: unknown,
    position: number,
    recordedAt: number,
    type: string,
    stream: number,
  ): UnreadableEvent {
    const problem = problemOf(error).slice(0, 500);
    return { position: position as Position, recordedAt, type, streamId: streams(stream) ?? '', problem };
  }

  function dataOf(name: string, version: number, data: string | null): unknown {
    const type = known(name);
    if (data === null) throw new TypeError('the payload was redacted');
    return upcast(type, version, joinPayload(type, data, specs));
  }

  return { toEvent, toFolded };
}

function known(name: string): EventType {
  const type = eventTypeOf(name);
  if (type === null) throw new TypeError(`type ${name} is not known`);
  return type;
}

function named(name: string | null): string {
  if (name === null) throw new TypeError('the name of its stream or engine is missing');
  return name;
}

/** The same object for the same digest, so that it is checked, and what follows from it derived, once. */
function createSpecs(db: DatabaseFile): (digest: string) => unknown {
  const find = db.prepare('SELECT bytes FROM specs WHERE digest = ?').pluck();
  const known = new Map<string, unknown>();
  return (digest) => {
    const remembered = known.get(digest);
    if (remembered !== undefined) return remembered;
    const bytes = find.get(Buffer.from(digest, 'hex'));
    if (typeof bytes !== 'string') throw new TypeError(`the container spec ${digest} is missing`);
    const spec: unknown = JSON.parse(bytes);
    if (known.size >= 5_000) known.clear();
    known.set(digest, spec);
    return spec;
  };
}

/** One line; a schema's own message would be a page of JSON. */
function problemOf(error: unknown): string {
  if (error instanceof ZodError)
    return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  return error instanceof Error ? error.message : String(error);
}
