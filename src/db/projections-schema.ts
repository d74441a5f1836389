/** The tables of `projections.db`, from which drizzle-kit generates the migrations. All of them can be made again. */
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** How far each projection has come. */
export const checkpoints = sqliteTable('checkpoints', {
  name: text().primaryKey(),
  version: integer().notNull(),
  position: integer().notNull(),
  /** Hash of the event at `position`: tells that the log is still the one that was folded. */
  hash: text().notNull(),
});

export const routes = sqliteTable(
  'routes',
  {
    id: text().primaryKey(),
    host: text().notNull(),
    path: text().notNull(),
    owner: text().notNull(),
    /** `open` or `closed`. */
    state: text().notNull(),
    reason: text(),
    /** JSON; empty list when closed. */
    targets: text().notNull(),
    /** Milliseconds since the epoch and position of the event that brought it into this state. */
    since: integer().notNull(),
    position: integer().notNull(),
  },
  (table) => [index('routes_host').on(table.host)],
);

/** Intervals in which a route's targets did not change. */
export const routeHistory = sqliteTable(
  'route_history',
  {
    route: text().notNull(),
    host: text().notNull(),
    path: text().notNull(),
    owner: text().notNull(),
    /** JSON. */
    targets: text().notNull(),
    /** Positions of the events that opened and closed it. */
    fromPosition: integer('from_position').notNull(),
    toPosition: integer('to_position'),
    /** Milliseconds since the epoch. */
    fromMs: integer('from_ms').notNull(),
    toMs: integer('to_ms'),
    reason: text(),
  },
  (table) => [
    primaryKey({ columns: [table.route, table.fromPosition] }),
    index('route_history_host').on(table.host, table.fromPosition),
    index('route_history_open').on(table.toPosition, table.route),
  ],
);

export const containers = sqliteTable(
  'containers',
  {
    engine: text().notNull(),
    id: text().notNull(),
    name: text().notNull(),
    /** JSON: the last observation. */
    observation: text().notNull(),
    /** Why it is gone; null while it exists. */
    lost: text(),
    since: integer().notNull(),
    position: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.engine, table.id] }), index('containers_name').on(table.name)],
);

export const audit = sqliteTable(
  'audit',
  {
    /** Of the request, or of the first signal of a change from outside. */
    position: integer().primaryKey(),
    actorKind: text('actor_kind').notNull(),
    actorName: text('actor_name').notNull(),
    action: text().notNull(),
    command: text(),
    engine: text(),
    container: text(),
    name: text(),
    /** Milliseconds since the epoch. */
    requestedMs: integer('requested_ms').notNull(),
    completedMs: integer('completed_ms'),
    /** Of the last event that was joined. */
    lastMs: integer('last_ms').notNull(),
    outcome: text().notNull(),
    detail: text().notNull(),
    basis: text().notNull(),
  },
  (table) => [
    index('audit_container').on(table.container, table.position),
    index('audit_command').on(table.command),
    index('audit_actor').on(table.actorKind, table.actorName, table.position),
  ],
);

export const auditConsequences = sqliteTable(
  'audit_consequences',
  {
    entry: integer().notNull(),
    position: integer().notNull(),
    /** Event id: what it caused in turn belongs to the same entry. */
    id: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.entry, table.position] }),
    index('audit_consequences_id').on(table.id),
  ],
);
