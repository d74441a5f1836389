/**
 * The tables of `projections.db`, from which drizzle-kit generates the migrations. All of them can be made again. Where
 * the key is the whole row, or rows are read that have neighbouring keys (`route_history`), `WITHOUT ROWID` was
 * added to the generated SQL, which drizzle cannot say.
 */
import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** How far each projection has come. */
export const checkpoints = sqliteTable('checkpoints', {
  name: text().primaryKey(),
  version: integer().notNull(),
  position: integer().notNull(),
  /** Hash of the event at `position`: tells that the log is still the one that was folded. Empty if it cannot be read. */
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
  // The order in which they are listed, so that nothing is sorted.
  (table) => [index('routes_place').on(table.host, table.path, table.id)],
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
    /** Why it was not served just before, though these targets stood: `away` or `unrecorded`. Null where it began with the decision. */
    resumed: text(),
    /** Of the decision on these targets, where the interval did not begin with it. */
    decidedPosition: integer('decided_position'),
    decidedMs: integer('decided_ms'),
  },
  (table) => [
    primaryKey({ columns: [table.route, table.fromPosition] }),
    index('route_history_host').on(table.host, table.fromPosition),
    index('route_history_open').on(table.toPosition, table.route),
    index('route_history_begun').on(table.fromPosition, table.route),
    index('route_history_cut').on(table.toPosition).where(sql`${table.reason} in ('away', 'unrecorded')`),
  ],
);

/** Routes in force: those that go on when Portolan is there again. */
export const standingRoutes = sqliteTable('standing_routes', {
  route: text().primaryKey(),
  host: text().notNull(),
  path: text().notNull(),
  owner: text().notNull(),
  /** JSON. */
  targets: text().notNull(),
  /** Position and milliseconds since the epoch of the decision on them. */
  decidedPosition: integer('decided_position').notNull().default(0),
  decidedMs: integer('decided_ms').notNull().default(0),
});

/** One row: whether Portolan serves at the position of the fold, and what that depends on. */
export const service = sqliteTable('service', {
  id: integer().primaryKey(),
  serving: integer().notNull(),
  /** The machine's boot id of this run, and of the last run that reached its engine. */
  boot: text(),
  confirmedBoot: text('confirmed_boot'),
});

/** When Portolan served at all. */
export const serviceHistory = sqliteTable('service_history', {
  fromPosition: integer('from_position').primaryKey(),
  fromMs: integer('from_ms').notNull(),
  toPosition: integer('to_position'),
  toMs: integer('to_ms'),
});

/** What the routing table said of a host, from the event that made it say so. */
export const hostEntries = sqliteTable(
  'host_entries',
  {
    /** Its number among `host_names`. */
    host: integer().notNull(),
    fromPosition: integer('from_position').notNull(),
    fromMs: integer('from_ms').notNull(),
    /** JSON: routes and sentence. */
    entry: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.host, table.fromPosition] })],
);

/** From when until when the table knew of each host, and the number of that host, from 1 in the order in which they appeared. */
export const hostNames = sqliteTable(
  'host_names',
  {
    host: text().notNull(),
    number: integer().notNull(),
    fromPosition: integer('from_position').notNull(),
    toPosition: integer('to_position'),
  },
  (table) => [primaryKey({ columns: [table.host, table.fromPosition] })],
);

/** Refusals that stood together for a container. */
export const refusalHistory = sqliteTable(
  'refusal_history',
  {
    /** `ENGINE/ID`. */
    container: text().notNull(),
    fromPosition: integer('from_position').notNull(),
    toPosition: integer('to_position'),
    /** JSON. */
    refusals: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.container, table.fromPosition] }),
    index('refusal_history_open').on(table.toPosition),
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
  (table) => [
    primaryKey({ columns: [table.engine, table.id] }),
    index('containers_name').on(table.name),
    index('containers_id').on(table.id),
  ],
);

/** Every name that a container had. */
export const containerNames = sqliteTable(
  'container_names',
  { name: text().notNull(), engine: text().notNull(), id: text().notNull() },
  (table) => [primaryKey({ columns: [table.name, table.engine, table.id] })],
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
    outcome: text().notNull(),
    detail: text().notNull(),
    basis: text().notNull(),
  },
  (table) => [
    index('audit_container').on(table.container, table.position),
    index('audit_name').on(table.name, table.position),
    index('audit_command').on(table.command).where(sql`${table.command} is not null`),
    index('audit_actor').on(table.actorKind, table.actorName, table.position),
  ],
);

export const auditConsequences = sqliteTable(
  'audit_consequences',
  { position: integer().notNull(), entry: integer().notNull() },
  // By position, as they come: a rebuild writes them one behind the other.
  (table) => [
    primaryKey({ columns: [table.position, table.entry] }),
    index('audit_consequences_entry').on(table.entry, table.position),
  ],
);

/** What the audit has to know of a container to join what comes next. */
export const auditSubjects = sqliteTable('audit_subjects', {
  /** Of the container's events; empty for commands whose container is not known. */
  stream: text().primaryKey(),
  /** JSON. */
  state: text().notNull(),
});

/** What events are found by: `container:ENGINE/ID`, `name:NAME`, `host:HOST`, `type:TYPE`, `actor:KIND[:NAME]`. */
export const subjects = sqliteTable('subjects', {
  id: integer().primaryKey(),
  name: text().notNull().unique(),
});

export const eventIndex = sqliteTable(
  'event_index',
  { subject: integer().notNull(), position: integer().notNull() },
  (table) => [primaryKey({ columns: [table.subject, table.position] })],
);
