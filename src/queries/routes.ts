/** Routes as they are now, and hosts with their routes, from the `routes` projection. */
import type { DatabaseFile } from '../db/open.ts';
import type { CloseReason } from '../events/decisions.ts';
import type { Host } from '../events/ids.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { servedAgain } from './intervals.ts';
import type { Page, Paging, RouteView, ServedAgain } from './port.ts';

interface RouteRow {
  readonly id: string;
  readonly host: string;
  readonly path: string;
  readonly owner: string;
  readonly state: 'open' | 'closed';
  readonly reason: CloseReason | null;
  readonly targets: string;
  readonly since: number;
  readonly position: number;
  /** Of the interval in which it is served now, where that did not begin with the decision. */
  readonly resumed: ServedAgain['after'] | null;
  readonly fromPosition: number;
  readonly fromMs: number;
}

/** A host with all of its routes, open or not. */
export interface HostRoutes {
  readonly host: string;
  readonly routes: readonly RouteView[];
}

export interface RouteQueries {
  routes(filter: Paging & { host?: string | undefined }): Page<RouteView>;
  route(id: string): RouteView | null;
  hosts(paging: Paging): Page<HostRoutes>;
  host(host: string): HostRoutes | null;
}

export function createRouteQueries(db: DatabaseFile): RouteQueries {
  // By its key it would go through all intervals that a route ever had.
  const select = `SELECT r.id, r.host, r.path, r.owner, r.state, r.reason, r.targets, r.since, r.position,
    h.resumed, h.from_position AS fromPosition, h.from_ms AS fromMs FROM routes r
    LEFT JOIN route_history h INDEXED BY route_history_open
    ON h.to_position IS NULL AND h.route = r.id AND h.decided_position = r.position`;
  const all = db.prepare(`${select} WHERE (r.host, r.path, r.id) > (?, ?, ?)
    ORDER BY r.host, r.path, r.id LIMIT ?`);
  const ofHost = db.prepare(`${select} WHERE r.host = ? AND (r.path, r.id) > (?, ?)
    ORDER BY r.path, r.id LIMIT ?`);
  const one = db.prepare(`${select} WHERE r.id = ?`);
  const names = db.prepare('SELECT DISTINCT host FROM routes WHERE host > ? ORDER BY host LIMIT ?');

  const routesOf = (host: string): RouteView[] =>
    (ofHost.all(host, '', '', 1_000) as RouteRow[]).map(routeView);

  return {
    routes({ limit, cursor, host }) {
      if (host !== undefined) {
        const [path, id] = decodeCursor('routes of a host', cursor, ['string', 'string']) ?? ['', ''];
        return pageOf(
          'routes of a host',
          ofHost.all(host, path, id, limit + 1) as RouteRow[],
          limit,
          routeView,
          (row) => [row.path, row.id],
        );
      }
      const [name, path, id] = decodeCursor('routes', cursor, ['string', 'string', 'string']) ?? ['', '', ''];
      const rows = all.all(name, path, id, limit + 1) as RouteRow[];
      return pageOf('routes', rows, limit, routeView, (row) => [row.host, row.path, row.id]);
    },
    route(id) {
      const row = one.get(id) as RouteRow | undefined;
      return row === undefined ? null : routeView(row);
    },
    hosts({ limit, cursor }) {
      const [after] = decodeCursor('hosts', cursor, ['string']) ?? [''];
      const rows = names.all(after, limit + 1) as { host: string }[];
      return pageOf(
        'hosts',
        rows,
        limit,
        ({ host }) => ({ host, routes: routesOf(host) }),
        (row) => [row.host],
      );
    },
    host(host) {
      const routes = routesOf(host);
      return routes.length === 0 ? null : { host, routes };
    },
  };
}

const routeView = ({
  id,
  host,
  path,
  owner,
  state,
  reason,
  targets,
  since,
  position,
  ...interval
}: RouteRow): RouteView => ({
  id,
  match: { host: host as Host, path },
  owner,
  targets: JSON.parse(targets),
  state,
  ...(reason === null ? {} : { reason }),
  since: new Date(since).toISOString(),
  position,
  ...servedAgain(interval),
});
