/**
 * `route_history`: intervals in which a route's targets did not change.
 *
 * An interval never spans a time in which Portolan was not there: it ends with `PortolanStopped`, or at the last sign of
 * life of a run that was killed, and the routes in force begin another one with the next start.
 */
import type { DatabaseFile } from '../db/open.ts';
import type { Event } from '../events/event.ts';
import type { Projection } from './projection.ts';

export const routeHistory: Projection = {
  name: 'route_history',
  version: 1,
  tables: ['route_history'],
  open(db) {
    const statements = prepare(db);
    return (event) => apply(statements, event);
  },
};

function prepare(db: DatabaseFile) {
  return {
    begin: db.prepare(`INSERT INTO route_history (route, host, path, owner, targets, from_position, from_ms)
      VALUES (?, ?, ?, ?, ?, ?, ?)`),
    end: db.prepare(
      'UPDATE route_history SET to_position = ?, to_ms = ?, reason = ? WHERE to_position IS NULL AND route = ?',
    ),
    /** Routes in force when Portolan went away: those whose last interval it ended. */
    resume: db.prepare(`INSERT INTO route_history (route, host, path, owner, targets, from_position, from_ms)
      SELECT route, host, path, owner, targets, ?, ? FROM route_history AS last
      WHERE last.to_position IS NOT NULL AND last.reason = 'away' AND last.from_position =
        (SELECT max(from_position) FROM route_history WHERE route = last.route)`),
    leave: db.prepare(
      "UPDATE route_history SET to_position = ?, to_ms = max(from_ms, ?), reason = 'away' WHERE to_position IS NULL",
    ),
  };
}

function apply(statements: ReturnType<typeof prepare>, event: Event): void {
  const { position, recordedAt } = event;
  switch (event.type) {
    case 'RouteOpened':
    case 'RouteChanged': {
      const { route, match, owner, targets } = event.data;
      statements.end.run(position, recordedAt, 'changed', route);
      statements.begin.run(
        route,
        match.host,
        match.path,
        owner,
        JSON.stringify(targets),
        position,
        recordedAt,
      );
      return;
    }
    case 'RouteClosed':
      statements.end.run(position, recordedAt, event.data.reason, event.data.route);
      return;
    case 'PortolanStopped':
      statements.leave.run(position, recordedAt);
      return;
    case 'PortolanStarted': {
      const { lastAlive } = event.data;
      statements.leave.run(
        position,
        lastAlive === null ? recordedAt : Math.min(Date.parse(lastAlive), recordedAt),
      );
      statements.resume.run(position, recordedAt);
      return;
    }
    default:
  }
}
