/** One worker's proxy: what takes requests from clients' connections, put together with what carries them. */
import type { Server } from 'node:http';
import type { Arrival, TableDelta, TableSnapshot, Trust } from '../routing/table.ts';
import type { AccessLog } from './access-log.ts';
import { createArrivals } from './arrivals.ts';
import { createCarriage } from './carriage.ts';
import { createConnections } from './connections.ts';
import { createCounters } from './counters.ts';
import { createFieldNames } from './field-names.ts';
import { createHold } from './hold.ts';
import { createHttpServer } from './http-server.ts';
import { createIntake } from './intake.ts';
import type { LastInterval, ProxyCounters, ProxySettings } from './messages.ts';
import { createSeats, createSharedSeats, type Seats } from './seats.ts';
import { createStalls } from './stalls.ts';
import { createTrafficNotes, type RouteTraffic } from './traffic.ts';

export interface ProxyServer {
  /** One for each address to listen on; they share everything else. */
  readonly servers: readonly Server[];
  replace(table: TableSnapshot): void;
  apply(delta: TableDelta): void;
  setTrust(trust: Trust): void;
  arriving(arrival: Arrival): void;
  counters(): ProxyCounters;
  /** What routes carried since the last call. */
  traffic(): readonly RouteTraffic[];
  /** Whether requests are under way to a target; tunnels do not count. */
  busy(key: string): boolean;
  /** Requests and tunnels under way. */
  open(): number;
  /** Clients' connections, idle ones included. */
  connections(): number;
  /** Answers from now on close their connections. */
  startClosing(): void;
  /** Ends connections on which nothing is asked. */
  endIdle(): void;
  /** Ends what is left. */
  close(): void;
}

export interface ServerOptions {
  readonly settings: ProxySettings;
  readonly table: TableSnapshot;
  /** Tells this Portolan from others, for finding loops. */
  readonly self: string;
  /** Milliseconds that requests to a target that has left have to end. */
  readonly drain: number;
  readonly now: () => number;
  /** Counted together with other workers; without it alone. */
  readonly seats?: Seats;
  /** Null for none. */
  readonly accessLog?: AccessLog | null;
  /** No file descriptor, or no seat, was left for a connection. */
  readonly onExhausted?: (error: Error) => void;
  /** Which targets are out of order, in words; null once none is. */
  readonly onHealth?: (problem: string | null) => void;
  /** When a host was served last, for its error page. Never rejects. */
  readonly lastIntervals?: (host: string) => Promise<readonly LastInterval[]>;
}

const allTaken = new Error(
  'as many are open as --max-connections and the file descriptors (ulimit -n) allow',
);

export function createProxyServer(options: ServerOptions): ProxyServer {
  const { settings, now } = options;
  const { limits } = settings;
  const counters = createCounters();
  const names = createFieldNames();
  const stalls = createStalls(limits.idleTimeout);
  const seats = options.seats ?? createSeats(limits, createSharedSeats(limits, 1), 0);
  const onExhausted = options.onExhausted ?? (() => undefined);
  const connections = createConnections(seats, stalls, () => onExhausted(allTaken));
  const carriage = createCarriage({
    table: options.table,
    limits,
    counters,
    names,
    drain: options.drain,
    now,
    onExhausted,
    onHealth: options.onHealth ?? (() => undefined),
  });
  const hold = createHold(limits.holdTimeout);
  const traffic = createTrafficNotes();
  const { held, upgrader } = carriage;
  const arrivals = createArrivals(held.table, limits.holdTimeout);
  const intake = createIntake(options, { counters, names, connections, carriage, hold, arrivals, traffic });
  const servers = settings.hosts.map(() => createHttpServer(settings, intake.hooks));
  const open = (): number => intake.open() + upgrader.open();

  return {
    servers,
    replace(snapshot) {
      held.replace(snapshot);
      arrivals.tableChanged();
    },
    apply(delta) {
      held.apply(delta);
      arrivals.tableChanged(new Set(delta.hosts.map(({ host }) => host)));
    },
    setTrust(trust) {
      held.table.trust = trust;
      if (trust !== 'holding') hold.release();
      arrivals.tableChanged();
    },
    arriving: arrivals.take,
    counters: () => counters.read(open()),
    traffic: traffic.take,
    busy: (key) => carriage.load(key) > 0,
    open,
    connections: connections.open,
    startClosing() {
      intake.startClosing();
      arrivals.close();
    },
    endIdle() {
      for (const server of servers) server.closeIdleConnections();
    },
    close() {
      stalls.close();
      arrivals.close();
      carriage.close();
      for (const server of servers) server.closeAllConnections();
    },
  };
}
