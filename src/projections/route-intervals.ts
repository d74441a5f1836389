/** The rows of `route_history` and `standing_routes`: kept in memory while they are open, and written at the end of a batch. */
import type { DatabaseFile } from '../db/open.ts';

export interface StandingRoute {
  readonly route: string;
  readonly host: string;
  readonly path: string;
  readonly owner: string;
  /** JSON. */
  readonly targets: string;
  /** Of the decision on them. */
  readonly decidedPosition: number;
  readonly decidedMs: number;
}

/** Why nothing was known to be served for a while, though the routes stood. */
export type Pause = 'away' | 'unrecorded';

interface Interval extends StandingRoute {
  readonly fromPosition: number;
  readonly fromMs: number;
  /** Null where it began with the decision. */
  readonly resumed: Pause | null;
}

interface Ended extends Interval {
  readonly toPosition: number;
  readonly toMs: number;
  readonly reason: string;
}

/** An event that begins or ends intervals; milliseconds since the epoch. */
export interface Place {
  readonly position: number;
  readonly ms: number;
}

export type Intervals = ReturnType<typeof createIntervals>;

/** As many open ones as there are routes in force. */
export function createIntervals(db: DatabaseFile) {
  const table = createTable(db);
  let loaded = false;
  const standing = new Map<string, StandingRoute>();
  const open = new Map<string, Interval>();
  /** Open ones that are in the file. */
  const stored = new Set<string>();
  const changed = new Set<string>();
  const begun = new Set<string>();
  let ended: (readonly [interval: Ended, isStored: boolean])[] = [];

  function load(): void {
    if (loaded) return;
    loaded = true;
    for (const route of table.standing()) standing.set(route.route, route);
    for (const interval of table.open()) {
      open.set(interval.route, interval);
      stored.add(interval.route);
    }
  }

  function begin(route: StandingRoute, { position, ms }: Place, resumed: Pause | null = null): void {
    open.set(route.route, { ...route, fromPosition: position, fromMs: ms, resumed });
    begun.add(route.route);
  }

  function end(route: string, { position, ms }: Place, reason: string): void {
    const interval = open.get(route);
    if (interval === undefined) return;
    ended.push([{ ...interval, toPosition: position, toMs: ms, reason }, stored.has(route)]);
    open.delete(route);
    stored.delete(route);
    begun.delete(route);
  }

  return {
    load,
    begin,
    end,
    /** A decision to close what was not served: an interval without length keeps it. */
    close(
      route: Omit<StandingRoute, 'targets' | 'decidedPosition' | 'decidedMs'>,
      at: Place,
      reason: string,
    ): void {
      if (open.has(route.route)) {
        end(route.route, at, reason);
        return;
      }
      const { position, ms } = at;
      const decided = { targets: '[]', decidedPosition: position, decidedMs: ms };
      const here = { fromPosition: position, fromMs: ms, toPosition: position, toMs: ms, resumed: null };
      ended.push([{ ...route, ...decided, ...here, reason }, false]);
    },
    standing: (route: string): StandingRoute | undefined => standing.get(route),
    /** All routes in force. */
    beginAll(at: Place, after: Pause): void {
      for (const route of standing.values()) begin(route, at, after);
    },
    /** What ended earlier than it began, by the clock, ended at once. */
    endAll({ position, ms }: Place, reason: string): void {
      for (const { route, fromMs } of open.values())
        end(route, { position, ms: Math.max(fromMs, ms) }, reason);
    },
    stand(route: StandingRoute): void {
      standing.set(route.route, route);
      changed.add(route.route);
    },
    fall(route: string): void {
      standing.delete(route);
      changed.add(route);
    },
    flush(): void {
      for (const [interval, isStored] of ended) {
        if (isStored) table.end(interval);
        else table.insert(interval);
      }
      for (const route of begun) {
        table.insert({ ...open.get(route)!, toPosition: null, toMs: null, reason: null });
        stored.add(route);
      }
      for (const route of changed) table.keep(route, standing.get(route));
      ended = [];
      begun.clear();
      changed.clear();
    },
    reset(): void {
      loaded = false;
      ended = [];
      for (const kept of [standing, open, stored, begun, changed]) kept.clear();
    },
  };
}

type Row = Interval & { readonly [name in 'toPosition' | 'toMs']: number | null } & {
  readonly reason: string | null;
};

function createTable(db: DatabaseFile) {
  const columns = 'route, host, path, owner, targets';
  const standing = db.prepare(
    `SELECT ${columns}, decided_position AS decidedPosition, decided_ms AS decidedMs FROM standing_routes`,
  );
  const open = db.prepare(`SELECT ${columns}, from_position AS fromPosition, from_ms AS fromMs, resumed,
    ifnull(decided_position, from_position) AS decidedPosition, ifnull(decided_ms, from_ms) AS decidedMs
    FROM route_history WHERE to_position IS NULL`);
  const insert = db.prepare(`INSERT INTO route_history
    (${columns}, from_position, to_position, from_ms, to_ms, reason, resumed, decided_position, decided_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const end = db.prepare(
    'UPDATE route_history SET to_position = ?, to_ms = ?, reason = ? WHERE route = ? AND from_position = ?',
  );
  const stand = db.prepare(`INSERT OR REPLACE INTO standing_routes (${columns}, decided_position, decided_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?)`);
  const fall = db.prepare('DELETE FROM standing_routes WHERE route = ?');

  return {
    standing: () => standing.all() as StandingRoute[],
    open: () => open.all() as Interval[],
    insert({ route, host, path, owner, targets, resumed, ...row }: Row): void {
      const { fromPosition, toPosition, fromMs, toMs, reason } = row;
      const decided = resumed === null ? [null, null] : [row.decidedPosition, row.decidedMs];
      const ends = [fromPosition, toPosition, fromMs, toMs];
      insert.run(route, host, path, owner, targets, ...ends, reason, resumed, ...decided);
    },
    end({ route, fromPosition, toPosition, toMs, reason }: Ended): void {
      end.run(toPosition, toMs, reason, route, fromPosition);
    },
    keep(route: string, now: StandingRoute | undefined): void {
      if (now === undefined) fall.run(route);
      else {
        const { host, path, owner, targets, decidedPosition, decidedMs } = now;
        stand.run(route, host, path, owner, targets, decidedPosition, decidedMs);
      }
    },
  };
}
