/** Rows of the log as events: payloads joined with their specs, upcast and checked. */
import type { DatabaseFile } from '../db/open.ts';
import type { Actor, Event, FoldedEvent } from '../events/event.ts';
import type { EngineId, EventId, Position, StreamId } from '../events/ids.ts';
import { type ContainerSpec, containerSpecSchema } from '../events/observations.ts';
import { joinPayload } from '../events/payload.ts';
import { isEventType, upcast } from '../events/upcast.ts';
import type { UnreadableEvent } from './port.ts';

export interface Row {
  readonly position: number;
  readonly id: Buffer;
  readonly type: string;
  readonly stream: number;
  readonly engine: number | null;
  /** Text, as nanoseconds do not fit a number. */
  readonly occurredAt: string;
  readonly recordedAt: number;
  readonly actorKind: Actor['kind'];
  readonly actorName: string;
  readonly correlation: Buffer | null;
  readonly causation: Buffer | null;
  readonly inferred: number;
  readonly schemaVersion: number;
  readonly data: string | null;
  readonly hash: Buffer;
}

export const columns = `position, id, type, stream, engine, CAST(occurred_at AS TEXT) AS occurredAt,
  recorded_at AS recordedAt, actor_kind AS actorKind, actor_name AS actorName, correlation, causation, inferred,
  schema_version AS schemaVersion, data, hash`;

export interface Rows {
  toEvent(row: Row): Event | UnreadableEvent;
  streamOf(row: Pick<Row, 'stream'>): string;
}

export const isUnreadable = (event: FoldedEvent | UnreadableEvent): event is UnreadableEvent =>
  'problem' in event;

export function createRows(db: DatabaseFile): Rows {
  const streams = createCache(20_000, db.prepare('SELECT name FROM streams WHERE id = ?').pluck());
  const engines = createCache(100, db.prepare('SELECT name FROM engines WHERE id = ?').pluck());
  const specs = createSpecs(db);

  const streamOf = (row: Pick<Row, 'stream'>): string => streams(row.stream) ?? `stream ${row.stream}`;

  function dataOf(row: Row): unknown {
    if (!isEventType(row.type)) throw new TypeError(`type ${row.type} is not known`);
    if (row.data === null) throw new TypeError('the payload was redacted');
    const joined = joinPayload(row.type, row.data, specs);
    const data = upcast(row.type, row.schemaVersion, joined);
    // Checked like the rest, but kept as the one object that all observations of a spec share.
    return row.type === 'ContainerObserved'
      ? { ...(data as object), spec: (joined as { spec: unknown }).spec }
      : data;
  }

  return {
    streamOf,
    toEvent(row) {
      const position = row.position as Position;
      const { type, recordedAt } = row;
      try {
        const id = row.id.toString('hex') as EventId;
        return {
          position,
          id,
          type,
          streamId: streamOf(row) as StreamId,
          engineId: row.engine === null ? null : ((engines(row.engine) ?? '') as EngineId),
          occurredAt: BigInt(row.occurredAt),
          recordedAt,
          actor: { kind: row.actorKind, name: row.actorName },
          correlationId: row.correlation === null ? id : (row.correlation.toString('hex') as EventId),
          causationId: row.causation === null ? null : (row.causation.toString('hex') as EventId),
          inferred: row.inferred === 1,
          schemaVersion: row.schemaVersion,
          data: dataOf(row),
          hash: row.hash.toString('hex'),
        } as Event;
      } catch (error) {
        // Set aside and reported by whoever reads; the rest is served.
        const problem = error instanceof Error ? error.message.slice(0, 500) : String(error);
        return { position, recordedAt, type, streamId: streamOf(row), problem };
      }
    },
  };
}

type Statement = ReturnType<DatabaseFile['prepare']>;

function createCache(limit: number, find: Statement): (id: number) => string | undefined {
  const known = new Map<number, string>();
  return (id) => {
    const remembered = known.get(id);
    if (remembered !== undefined) return remembered;
    const name = find.get(id) as string | undefined;
    if (name === undefined) return undefined;
    if (known.size >= limit) known.clear();
    known.set(id, name);
    return name;
  };
}

/** The same object for the same digest, so that what is derived from a spec is derived once. */
function createSpecs(db: DatabaseFile): (digest: string) => ContainerSpec | null {
  const find = db.prepare('SELECT bytes FROM specs WHERE digest = ?').pluck();
  const known = new Map<string, ContainerSpec>();
  return (digest) => {
    const remembered = known.get(digest);
    if (remembered !== undefined) return remembered;
    const bytes = find.get(Buffer.from(digest, 'hex')) as string | undefined;
    if (bytes === undefined) return null;
    const spec = containerSpecSchema.parse(JSON.parse(bytes));
    if (known.size >= 5_000) known.clear();
    known.set(digest, spec);
    return spec;
  };
}
