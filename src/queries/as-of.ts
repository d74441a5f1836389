/** Routes, hosts and resolutions as they were at a moment, from intervals: one look-up each, whatever the log's length. */
import type { DatabaseFile } from '../db/open.ts';
import type { Host, Position } from '../events/ids.ts';
import { restoreEntry } from '../projections/stored-entry.ts';
import { withoutUpstream } from '../routing/explain.ts';
import { outcomeOf } from '../routing/outcome.ts';
import { createTable, type HostEntry, isForgotten } from '../routing/table.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { type IntervalRow, intervalColumns, routeThen } from './intervals.ts';
import type { Moment } from './moment.ts';
import type { HostView, Page, Paging, RefusalView, ResolutionView, RouteView } from './port.ts';
import { resolution } from './resolution.ts';

export interface AsOf {
  routes(moment: Moment, filter: Paging & { host?: string | undefined }): Page<RouteView>;
  route(moment: Moment, id: string): RouteView | null;
  hosts(moment: Moment, paging: Paging): Page<HostView>;
  /** Null for a host that nothing was known of then, not even a container that asked for it in vain. */
  host(moment: Moment, host: string): HostView | null;
  routesOf(moment: Moment, host: string): RouteView[];
  refusals(moment: Moment): RefusalView[];
  entry(moment: Moment, host: string): HostEntry | null;
  /** By which event it became what it was then. */
  toldAt(moment: Moment, host: string): number | null;
  /** Whether Portolan served at all. */
  serves(moment: Moment): boolean;
  resolve(moment: Moment, host: string, target: string): ResolutionView;
  /** Hosts that were known then. */
  names(moment: Moment): string[];
}

const notServing = 'Portolan was not serving at that moment.';
/** Of a moment at which nothing was served. Why nothing is served now, the live side tells. */
export const unserved = ({ isNow }: Moment): string => (isNow === true ? '' : notServing);
export const unrecorded = 'Nothing could be recorded at that moment: this is what was last known.';

export function createAsOf(db: DatabaseFile): AsOf {
  const statements = prepare(db);

  const routesOf = (moment: Moment, host: string): RouteView[] =>
    (statements.ofHost.all(moment.position, host, '', '', 1_000) as IntervalRow[]).map((row) =>
      routeThen(row, moment),
    );
  /** By host, of all hosts from the one to the other in their order. */
  function routesBetween(moment: Moment, first: string, last: string): ReadonlyMap<string, RouteView[]> {
    const rows = statements.between.all(moment.position, first, last) as IntervalRow[];
    const found = Map.groupBy(rows, (row) => row.host);
    return new Map(
      [...found].map(([host, of]) => [host, of.slice(0, 1_000).map((row) => routeThen(row, moment))]),
    );
  }
  const refusals = (moment: Moment): RefusalView[] =>
    (statements.refusals.all(moment.position, moment.position) as string[]).flatMap(
      (list) => JSON.parse(list) as RefusalView[],
    );

  function entry(moment: Moment, host: string): HostEntry | null {
    const found = statements.entry.get(host, moment.position) as { entry: string } | undefined;
    if (found === undefined) return null;
    const known = restoreEntry(host as Host, found.entry);
    return isForgotten(known) ? null : known;
  }

  function serves({ position, instant }: Moment): boolean {
    const last = statements.service.get(position) as
      | { toPosition: number | null; toMs: number | null }
      | undefined;
    if (last === undefined || (last.toPosition !== null && last.toPosition <= position)) return false;
    return instant === null || last.toMs === null || last.toMs > instant;
  }

  function view(
    moment: Moment,
    host: string,
    routes: RouteView[],
    standing: readonly RefusalView[],
    serving: boolean,
  ): HostView {
    const refused = standing.filter((one) => one.match?.host === host);
    const open = routes.find((route) => route.state !== 'closed');
    const state = open?.state ?? (refused.length > 0 ? 'refused' : 'closed');
    const sentence = open
      ? ''
      : serving
        ? entry(moment, host)?.sentence || withoutUpstream(host)
        : unserved(moment);
    return { host, state, routes, refusals: refused, sentence };
  }

  return {
    routes(moment, { limit, cursor, host }) {
      const { position } = moment;
      if (host !== undefined) {
        const [path, id] = decodeCursor('routes of a host', cursor, ['string', 'string']) ?? ['', ''];
        const rows = statements.ofHost.all(position, host, path, id, limit + 1) as IntervalRow[];
        return pageOf(
          'routes of a host',
          rows,
          limit,
          (row) => routeThen(row, moment),
          (row) => [row.path, row.route],
        );
      }
      const [name, path, id] = decodeCursor('routes', cursor, ['string', 'string', 'string']) ?? ['', '', ''];
      const rows = statements.all.all(position, name, path, id, limit + 1) as IntervalRow[];
      return pageOf(
        'routes',
        rows,
        limit,
        (row) => routeThen(row, moment),
        (row) => [row.host, row.path, row.route],
      );
    },
    route(moment, id) {
      const row = statements.one.get(moment.position, id) as IntervalRow | undefined;
      return row === undefined ? null : routeThen(row, moment);
    },
    hosts(moment, { limit, cursor }) {
      const [after] = decodeCursor('hosts', cursor, ['string']) ?? [''];
      const rows = statements.hosts.all(after, moment.position, limit + 1) as { host: string }[];
      const standing = refusals(moment);
      const serving = serves(moment);
      const routes = routesBetween(moment, rows[0]?.host ?? '', rows.at(-1)?.host ?? '');
      return pageOf(
        'hosts',
        rows,
        limit,
        ({ host }) => view(moment, host, routes.get(host) ?? [], standing, serving),
        (row) => [row.host],
      );
    },
    host(moment, host) {
      const routes = routesOf(moment, host);
      const standing = refusals(moment);
      // One that is refused to all who ask for it is known to nobody else.
      const known =
        routes.length > 0 || entry(moment, host) !== null || standing.some((one) => one.match?.host === host);
      return known ? view(moment, host, routes, standing, serves(moment)) : null;
    },
    routesOf,
    refusals,
    entry,
    toldAt: (moment, host) =>
      (statements.entry.get(host, moment.position) as { position: number } | undefined)?.position ?? null,
    serves,
    resolve(moment, host, target) {
      if (!serves(moment)) return { status: 503, targets: [], sentence: notServing };
      const known = entry(moment, host);
      const position = moment.position as Position;
      const hosts = known === null ? [] : [known];
      const table = createTable({ position, trust: 'confirmed', hosts });
      const found = resolution(host, outcomeOf(table, host, target));
      const isSure = routesOf(moment, host).every((route) => route.state !== 'unconfirmed');
      return isSure ? found : { ...found, sentence: `${found.sentence} ${unrecorded}` };
    },
    names: ({ position }) => statements.names.all(position, position) as string[],
  };
}

function prepare(db: DatabaseFile) {
  // The last interval of each route that had begun by then; a route that began later has none.
  const then = `FROM routes r JOIN route_history h ON h.route = r.id AND h.from_position =
    (SELECT max(from_position) FROM route_history WHERE route = r.id AND from_position <= ?)`;
  return {
    all: db.prepare(`SELECT ${intervalColumns} ${then} WHERE (r.host, r.path, r.id) > (?, ?, ?)
      ORDER BY r.host, r.path, r.id LIMIT ?`),
    ofHost: db.prepare(`SELECT ${intervalColumns} ${then} WHERE r.host = ? AND (r.path, r.id) > (?, ?)
      ORDER BY r.path, r.id LIMIT ?`),
    between: db.prepare(`SELECT ${intervalColumns} ${then} WHERE r.host BETWEEN ? AND ?
      ORDER BY r.host, r.path, r.id`),
    one: db.prepare(`SELECT ${intervalColumns} ${then} WHERE r.id = ?`),
    hosts: db.prepare(`SELECT DISTINCT r.host FROM routes r WHERE r.host > ? AND EXISTS
      (SELECT 1 FROM route_history h WHERE h.route = r.id AND h.from_position <= ?) ORDER BY r.host LIMIT ?`),
    entry: db.prepare(
      `SELECT entry, from_position AS position FROM host_entries
       WHERE host = (SELECT number FROM host_names WHERE host = ? LIMIT 1)
       AND from_position <= ? ORDER BY from_position DESC LIMIT 1`,
    ),
    names: db
      .prepare(
        `SELECT host FROM host_names WHERE from_position <= ?
         AND (to_position IS NULL OR to_position > ?) ORDER BY host`,
      )
      .pluck(),
    refusals: db
      .prepare(
        `SELECT refusals FROM refusal_history WHERE from_position <= ?
         AND (to_position IS NULL OR to_position > ?) ORDER BY from_position, container`,
      )
      .pluck(),
    service: db.prepare(`SELECT to_position AS toPosition, to_ms AS toMs FROM service_history
      WHERE from_position <= ? ORDER BY from_position DESC LIMIT 1`),
  };
}
