/** The tables of `portolan.db`, from which drizzle-kit generates the migrations. */
import { sql } from 'drizzle-orm';
import { blob, index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

/** What events are about, each name once. */
export const streams = sqliteTable('streams', {
  id: integer().primaryKey(),
  name: text().notNull().unique(),
});

export const engines = sqliteTable('engines', {
  id: integer().primaryKey(),
  name: text().notNull().unique(),
});

/** Container specs, stored once by the SHA-256 of their bytes. */
export const specs = sqliteTable('specs', {
  digest: blob().primaryKey(),
  bytes: text().notNull(),
});

export const events = sqliteTable(
  'events',
  {
    position: integer().primaryKey(),
    /** 16 bytes: digest of the event's key. */
    id: blob().notNull(),
    type: text().notNull(),
    stream: integer().notNull(),
    engine: integer(),
    /** Nanoseconds since the epoch. */
    occurredAt: integer('occurred_at').notNull(),
    /** Milliseconds since the epoch, never decreasing. */
    recordedAt: integer('recorded_at').notNull(),
    actorKind: text('actor_kind').notNull(),
    actorName: text('actor_name').notNull(),
    /** Null: its own id. */
    correlation: blob(),
    causation: blob(),
    inferred: integer().notNull(),
    schemaVersion: integer('schema_version').notNull(),
    /** Null once redacted. */
    data: text(),
    salt: blob().notNull(),
    dataDigest: blob('data_digest').notNull(),
    hash: blob().notNull(),
  },
  // Each costs every commit a page or two. What happened to a container is found by the projections' `event_index`.
  (table) => [
    uniqueIndex('events_id').on(table.id),
    index('events_causation').on(table.causation).where(sql`${table.causation} is not null`),
  ],
);

/** Stored folds; not part of the history, but vouched for by it. */
export const snapshots = sqliteTable('snapshots', {
  position: integer().primaryKey(),
  foldVersion: integer('fold_version').notNull(),
  chainHash: text('chain_hash').notNull(),
  digest: text().notNull(),
  bytes: blob().notNull(),
});
