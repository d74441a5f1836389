/**
 * The tables of `projections.db`, from which drizzle-kit generates the migrations and the code its row types. Where the
 * key is all that a look-up needs, `WITHOUT ROWID` was added to the generated SQL, which drizzle cannot say.
 */
import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** How far each projection has come. */
export const checkpoints = sqliteTable('checkpoints', {
  name: text().primaryKey(),
  version: integer().notNull(),
  position: integer().notNull(),
  /** Hash of the event at `position`: tells that the log is still the one that was folded. */
  hash: text().notNull(),
  /** Why it stopped; empty while it follows. */
  problem: text().notNull(),
});

/** What a projection has to keep in mind beside its tables. */
export const notes = sqliteTable('notes', {
  name: text().primaryKey(),
  value: text({ mode: 'json' }).notNull(),
});

/** Events whose payload no longer parses. */
export const setAside = sqliteTable('set_aside', {
  position: integer().primaryKey(),
  recordedAt: integer('recorded_at').notNull(),
  type: text().notNull(),
  streamId: text('stream_id').notNull(),
  problem: text().notNull(),
});

export const routes = sqliteTable(
  'routes',
  {
    id: text().primaryKey(),
    engine: text().notNull(),
    host: text().notNull(),
    path: text().notNull(),
    owner: text().notNull(),
    /** Empty when closed. */
    targets: text({ mode: 'json' }).notNull(),
    state: text({ enum: ['open', 'closed'] }).notNull(),
    reason: text(),
    /** The container whose leaving closed it. */
    container: text(),
    containerName: text('container_name'),
    /** Milliseconds since the epoch and position of the event that brought it into this state. */
    since: integer().notNull(),
    position: integer().notNull(),
  },
  (table) => [index('routes_host').on(table.host, table.path, table.id)],
);

/** Whether an engine is followed, and since when (milliseconds). */
export const engineLinks = sqliteTable('engine_links', {
  engine: text().primaryKey(),
  connected: integer().notNull(),
  since: integer().notNull(),
  position: integer().notNull(),
});

/** Intervals in which a route's targets did not change and were served. */
export const routeHistory = sqliteTable(
  'route_history',
  {
    host: text().notNull(),
    /** Positions: from inclusive, to exclusive; also the events that opened and closed it. */
    fromPosition: integer('from_position').notNull(),
    route: text().notNull(),
    path: text().notNull(),
    owner: text().notNull(),
    targets: text({ mode: 'json' }).notNull(),
    toPosition: integer('to_position'),
    /** Milliseconds since the epoch. */
    fromMs: integer('from_ms').notNull(),
    toMs: integer('to_ms'),
    openedBy: integer('opened_by').notNull(),
    closedBy: integer('closed_by'),
    /** Set when the route was closed; null where only its targets changed, or Portolan was down. */
    reason: text(),
  },
  (table) => [primaryKey({ columns: [table.host, table.fromPosition, table.route] })],
);

/** Routes in force: those that a start brings back. */
export const standingRoutes = sqliteTable('standing_routes', {
  route: text().primaryKey(),
  host: text().notNull(),
  path: text().notNull(),
  owner: text().notNull(),
  targets: text({ mode: 'json' }).notNull(),
  /** Where its interval begins; null while it is not served. */
  fromPosition: integer('from_position'),
});

export const containers = sqliteTable(
  'containers',
  {
    engine: text().notNull(),
    container: text().notNull(),
    /** As observed; of one that was never inspected as claimed, or empty. */
    name: text().notNull(),
    /** The last observation with its spec; null if none could be made. */
    observation: text({ mode: 'json' }),
    /** Position and time (milliseconds) of that observation. */
    position: integer(),
    observedMs: integer('observed_ms'),
    /** Sites that it asks for, each `HOST/PATH`. */
    sites: text({ mode: 'json' }).notNull(),
    /** The last signal of each type: `{position, at, claimed}`. */
    signals: text({ mode: 'json' }).notNull(),
    /** `{reason, position, at}` once it is gone. */
    lost: text({ mode: 'json' }),
  },
  (table) => [
    primaryKey({ columns: [table.engine, table.container] }),
    index('containers_container').on(table.container),
  ],
);

/** Every name that a container had. */
export const containerNames = sqliteTable(
  'container_names',
  {
    name: text().notNull(),
    engine: text().notNull(),
    container: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.name, table.engine, table.container] })],
);

/** Sites that a container which exists asks for, served or not. */
export const claims = sqliteTable(
  'claims',
  {
    host: text().notNull(),
    path: text().notNull(),
    engine: text().notNull(),
    container: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.host, table.path, table.engine, table.container] })],
);

/** Refusals that stand. */
export const refusals = sqliteTable(
  'refusals',
  {
    engine: text().notNull(),
    container: text().notNull(),
    /** `HOST/PATH`; empty for the container as a whole. */
    site: text().notNull(),
    host: text(),
    path: text(),
    name: text().notNull(),
    reason: text().notNull(),
    detail: text().notNull(),
    holder: text(),
    since: integer().notNull(),
    position: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.engine, table.container, table.site] }),
    index('refusals_host').on(table.host).where(sql`${table.host} is not null`),
  ],
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
    requestedMs: integer('requested_ms').notNull(),
    completedMs: integer('completed_ms'),
    outcome: text({ enum: ['pending', 'succeeded', 'failed', 'refused', 'unknown', 'observed'] }).notNull(),
    detail: text().notNull(),
    basis: text({ enum: ['exact', 'window', 'ambiguous'] }).notNull(),
    /** Positions, ascending. */
    consequences: text({ mode: 'json' }).notNull(),
  },
  (table) => [
    index('audit_container').on(table.container, table.position),
    index('audit_name').on(table.name, table.position),
    index('audit_actor').on(table.actorKind, table.actorName, table.position),
  ],
);

/** What the audit has to know of a container to join what comes next. */
export const auditSubjects = sqliteTable(
  'audit_subjects',
  {
    engine: text().notNull(),
    container: text().notNull(),
    state: text({ mode: 'json' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.engine, table.container] })],
);

/** Joined observations, whose decisions belong to the same entries. */
export const auditCauses = sqliteTable('audit_causes', {
  position: integer().primaryKey(),
  entries: text({ mode: 'json' }).notNull(),
});

/** What events can be found by: `container:ENGINE/ID`, `host:HOST`, `type:TYPE`, `actor:KIND[:NAME]`. */
export const subjects = sqliteTable('subjects', {
  name: text().primaryKey(),
  id: integer().notNull(),
});

export const eventIndex = sqliteTable(
  'event_index',
  {
    subject: integer().notNull(),
    position: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.subject, table.position] })],
);
