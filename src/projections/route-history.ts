/**
 * `route_history`: intervals in which a route was served with one set of targets.
 *
 * They do not span a time in which nothing was served. Portolan serves from its start on if the machine still runs on
 * the boot on which the engine was last reached: the last known routes, unconfirmed as long as the engine is away. On
 * another boot their addresses may belong to others, and it serves from `EngineConnected` on. It ends with
 * `PortolanStopped`, or, killed, at the last sign of life (`lastAlive`, or an event that it recorded later). When it
 * ends, the intervals end (`away`), unless a successor has taken over, which serves already (`handedOver`, `tookOver`); and the routes in force begin new ones when it serves again. An engine that is lost
 * in between ends nothing. An interval that did not begin with the decision on its targets keeps where that was, and one
 * without length keeps a decision to close what was not served. While the log could not be written it is not known what was served: intervals end where that
 * began (`unrecorded`), and new ones begin with the event that tells of it. So at every position at which Portolan serves, the intervals that span it are the routes in
 * force, and at all others there are none.
 */
import type { DatabaseFile } from '../db/open.ts';
import type { ProjectedEvent } from '../events/event.ts';
import type { LogReader } from '../log/port.ts';
import type { Fold, Projection } from './projection.ts';
import { createIntervals, type Intervals } from './route-intervals.ts';

export const routeHistory: Projection = {
  name: 'route_history',
  version: 7,
  tables: ['route_history', 'standing_routes', 'service', 'service_history'],
  types: [
    'RouteOpened',
    'RouteChanged',
    'RouteClosed',
    'PortolanStarted',
    'PortolanStopped',
    'EngineConnected',
    'RecordingGapDetected',
  ],
  open,
};

interface Service {
  /** Null before the first event: a log that does not begin with a start says what was served. */
  readonly serving: boolean | null;
  readonly boot: string | null;
  readonly confirmedBoot: string | null;
}

function open(db: DatabaseFile, log: LogReader): Fold {
  const intervals = createIntervals(db);
  const statements = prepare(db);
  let service: Service | null = null;
  const now = (): Service => {
    if (service !== null) return service;
    intervals.load();
    service = load(statements);
    return service;
  };

  function apply(event: ProjectedEvent): void {
    const before = event.position === 1 ? now() : afterTheFirst();
    const next = follow(log, intervals, event, before);
    keepService(log, statements, event, before, next);
    service = { ...next, serving: next.serving !== false };
  }

  /** The log may have begun with events of other types. */
  function afterTheFirst(): Service {
    const known = now();
    if (known.serving !== null) return known;
    statements.beginService.run(1, log.recordedAt(1) ?? 0);
    service = { ...known, serving: true };
    return service;
  }

  return {
    apply,
    setAside({ streamId, position, recordedAt }) {
      now();
      if (!streamId.startsWith('route:')) return;
      const standing = intervals.standing(streamId.slice('route:'.length));
      if (standing === undefined) return;
      intervals.close(standing, { position, ms: recordedAt }, 'unreadable');
      intervals.fall(standing.route);
    },
    flush() {
      const { serving, boot, confirmedBoot } = afterTheFirst();
      intervals.flush();
      statements.keep.run(serving === false ? 0 : 1, boot, confirmedBoot);
    },
    reset() {
      service = null;
      intervals.reset();
    },
  };
}

type Statements = ReturnType<typeof prepare>;

function prepare(db: DatabaseFile) {
  return {
    load: db.prepare('SELECT serving, boot, confirmed_boot AS confirmedBoot FROM service WHERE id = 1'),
    keep: db.prepare(
      'INSERT OR REPLACE INTO service (id, serving, boot, confirmed_boot) VALUES (1, ?, ?, ?)',
    ),
    beginService: db.prepare('INSERT OR REPLACE INTO service_history (from_position, from_ms) VALUES (?, ?)'),
    endService: db.prepare(
      'UPDATE service_history SET to_position = ?, to_ms = max(from_ms, ?) WHERE to_position IS NULL',
    ),
  };
}

function load(statements: Statements): Service {
  const row = statements.load.get() as (Omit<Service, 'serving'> & { serving: number }) | undefined;
  if (row === undefined) return { serving: null, boot: null, confirmedBoot: null };
  return { ...row, serving: row.serving === 1 };
}

function follow(log: LogReader, intervals: Intervals, event: ProjectedEvent, service: Service): Service {
  const { position, recordedAt } = event;
  const here = { position, ms: recordedAt };
  switch (event.type) {
    case 'RouteOpened':
    case 'RouteChanged': {
      const { route, match, owner, targets } = event.data;
      const decided = { decidedPosition: position, decidedMs: recordedAt };
      const standing = { route, ...match, owner, targets: JSON.stringify(targets), ...decided };
      intervals.end(route, here, 'changed');
      intervals.stand(standing);
      if (service.serving !== false) intervals.begin(standing, here);
      return service;
    }
    case 'RouteClosed': {
      const { route, match, owner, reason } = event.data;
      intervals.close({ route, ...match, owner }, here, reason);
      intervals.fall(route);
      return service;
    }
    case 'PortolanStopped':
      if (event.data.handedOver) return service;
      intervals.endAll(here, 'away');
      return { ...service, serving: false };
    case 'PortolanStarted': {
      const { bootId, tookOver, lastAlive } = event.data;
      if (tookOver) return { ...service, boot: bootId };
      intervals.endAll({ position, ms: aliveUntil(log, event) }, 'away');
      // Without a sign of life the log was brought here, or put back: nothing of it is served unasked.
      const confirmedBoot = lastAlive === null ? null : service.confirmedBoot;
      const serving = bootId === confirmedBoot;
      if (serving) intervals.beginAll(here, 'away');
      return { boot: bootId, confirmedBoot, serving };
    }
    case 'RecordingGapDetected':
      if (service.serving === false) return service;
      intervals.endAll({ position, ms: Math.min(Date.parse(event.data.from), recordedAt) }, 'unrecorded');
      intervals.beginAll(here, 'unrecorded');
      return service;
    case 'EngineConnected':
      if (service.serving === false) intervals.beginAll(here, 'away');
      return { ...service, serving: true, confirmedBoot: service.boot };
    default:
      return service;
  }
}

/** One interval for each stretch in which Portolan served. */
function keepService(
  log: LogReader,
  statements: Statements,
  event: ProjectedEvent,
  before: Service,
  after: Service,
): void {
  const { type, position, recordedAt } = event;
  const begun = type === 'PortolanStarted' && !event.data.tookOver;
  if (before.serving === true && (begun || after.serving === false)) {
    statements.endService.run(position, begun ? aliveUntil(log, event) : recordedAt);
  }
  if (after.serving !== false && (before.serving !== true || begun))
    statements.beginService.run(position, recordedAt);
}

/** Milliseconds. The heartbeat comes now and then; an event that was recorded after it is a later sign of life. */
function aliveUntil(log: LogReader, started: ProjectedEvent & { type: 'PortolanStarted' }): number {
  const { data, position, recordedAt } = started;
  const beat = data.lastAlive === null ? 0 : Date.parse(data.lastAlive);
  return Math.min(Math.max(beat, log.recordedAt(position - 1) ?? 0), recordedAt);
}
