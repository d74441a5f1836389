/** One worker's proxy: checks a request, finds its route, has it forwarded, or answers by itself. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TableDelta, TableSnapshot, Trust } from '../routing/table.ts';
import type { AccessLog } from './access-log.ts';
import { createBalancer } from './balance.ts';
import { createTrustedProxies } from './client.ts';
import { createConnections } from './connections.ts';
import { createCopies } from './copies.ts';
import { createCounters } from './counters.ts';
import { createDirections } from './directions.ts';
import { createDrain } from './drain.ts';
import { isExplained, type OwnAnswer, rawAnswer } from './error-page.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import { createFieldNames } from './field-names.ts';
import { createForward } from './forward.ts';
import { createGarbage } from './garbage.ts';
import { createHealth } from './health.ts';
import { createHeldTable } from './held-table.ts';
import { createHold } from './hold.ts';
import { createHttpServer } from './http-server.ts';
import { endSoon } from './linger.ts';
import type { LastInterval, ProxyCounters, ProxySettings } from './messages.ts';
import { createOwnAnswers } from './own-answers.ts';
import { createRecorder } from './recorder.ts';
import type { Accepted } from './request-check.ts';
import { createSeats, createSharedSeats, type Seats } from './seats.ts';
import { createSentHosts } from './sent-hosts.ts';
import { createStalls } from './stalls.ts';
import { createTrafficNotes, type RouteTraffic } from './traffic.ts';
import { createUpgrader } from './upgrade.ts';
import { createUpstreams } from './upstreams.ts';
import { createClientOf } from './visitor.ts';

export interface ProxyServer {
  /** One for each address to listen on; they share everything else. */
  readonly servers: readonly Server[];
  replace(table: TableSnapshot): void;
  apply(delta: TableDelta): void;
  setTrust(trust: Trust): void;
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
  const { settings, self, now } = options;
  const { limits } = settings;
  const counters = createCounters();
  const names = createFieldNames();
  const stalls = createStalls(limits.idleTimeout);
  const seats = options.seats ?? createSeats(limits, createSharedSeats(limits, 1), 0);
  const onExhausted = options.onExhausted ?? (() => undefined);
  const connections = createConnections(seats, stalls, () => onExhausted(allTaken));
  const upstreams = createUpstreams(limits, names, now);
  const isCurrent = (key: string): boolean => drain.isCurrent(key);
  const health = createHealth({
    startGrace: limits.startGrace,
    now,
    onChange: options.onHealth ?? (() => undefined),
  });
  const carrying = {
    limits,
    counters,
    copies: createCopies(),
    garbage: createGarbage(),
    names,
    now,
    onExhausted,
    isCurrent,
    health,
  };
  const upgrader = createUpgrader(carrying);
  const balancer = createBalancer({
    load: (key) => upstreams.load(key) + upgrader.load(key),
    inOrder: health.inOrder,
  });
  const forward = createForward({ ...carrying, upstreams });
  const hold = createHold(limits.holdTimeout);
  const isTrusted = createTrustedProxies(settings.trustedProxies);
  const traffic = createTrafficNotes();
  const clientOf = createClientOf(isTrusted, names);
  const recorder = createRecorder({
    clientOf,
    traffic,
    accessLog: options.accessLog ?? null,
    isTrusted,
    now,
  });
  const drain = createDrain({
    grace: options.drain,
    onLeave: (key) => upstreams.leave(key),
    onReturn: (key) => upstreams.comeBack(key),
    onOver(key) {
      upstreams.end(key);
      upgrader.end(key);
    },
  });
  const held = createHeldTable(options.table, (before, after) => {
    drain.changed(before, after);
    health.changed(before, after);
  });
  const { table } = held;
  const { check, find, targetsOf, downAnswer, headersFor } = createDirections({
    limits,
    self,
    names,
    hosts: createSentHosts(),
    table,
    balancer,
    clientOf,
    isTrusted,
  });
  const answers = createOwnAnswers({
    settings,
    counters,
    connections,
    table,
    lastIntervals: options.lastIntervals ?? (() => Promise.resolve([])),
  });
  let exchanges = 0;
  let closing = false;

  function onRequest(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void {
    counters.request();
    exchanges += 1;
    const checked = check(req);
    const record = recorder.begin(req, 'sentence' in checked ? null : checked);
    // It comes once; `once` would cost a second closure, and taking it off.
    res.on('close', () => {
      exchanges -= 1;
      recorder.end(record, req, res.writableFinished);
    });
    if (closing) res.shouldKeepAlive = false;
    connections.inTurn(req, res, () => {
      if ('sentence' in checked) answers.give(req, res, record, checked);
      else hold.pass(table.trust, () => serve(req, res, record, checked, expectsContinue));
    });
  }

  function serve(
    req: IncomingMessage,
    res: ServerResponse,
    record: ExchangeRecord,
    accepted: Accepted,
    expectsContinue: boolean,
  ): void {
    if (res.destroyed) return;
    const found = find(record, accepted);
    if (found.kind === 'own') {
      answers.giveForHost(req, res, record, found, accepted.host);
      return;
    }
    const { hasBody, target: path } = accepted;
    const end = forward({
      req,
      res,
      record,
      request: {
        method: req.method ?? 'GET',
        path,
        headers: headersFor(req, record, accepted),
        body: hasBody ? req : null,
        expectsContinue: hasBody && expectsContinue,
      },
      targets: () => targetsOf(req, record, accepted),
      fail: (status, sentence) =>
        answers.giveForHost(req, res, record, downAnswer(accepted, status, sentence), accepted.host),
    });
    connections.onBroken(req.socket, () => {
      end();
      return false;
    });
  }

  function onUpgrade(req: IncomingMessage, socket: Socket, head: Buffer): void {
    counters.upgrade();
    socket.on('error', () => socket.destroy());
    // An answer before it has not gone out yet: the tunnel's bytes would get mixed up with it.
    if (connections.current(socket) !== null) {
      socket.destroy();
      return;
    }
    const checked = check(req);
    const record = recorder.begin(req, 'sentence' in checked ? null : checked);
    const before = { read: socket.bytesRead - head.length, written: socket.bytesWritten };
    socket.once('close', (hadError) => {
      record.bytesIn = socket.bytesRead - before.read;
      record.bytesOut = socket.bytesWritten - before.written;
      recorder.endTunnel(record, req, !hadError);
    });
    const refuse = ({ status, sentence, retryAfter }: OwnAnswer): void => {
      counters.own(status);
      record.status = status;
      record.reason = sentence;
      endSoon(socket, rawAnswer(status, isExplained(req, settings.explain) ? sentence : '', retryAfter));
    };
    if ('sentence' in checked) refuse(checked);
    else hold.pass(table.trust, () => openTunnel(req, socket, head, record, checked, refuse));
  }

  function openTunnel(
    req: IncomingMessage,
    socket: Socket,
    head: Buffer,
    record: ExchangeRecord,
    accepted: Accepted,
    refuse: (own: OwnAnswer) => void,
  ): void {
    const found = find(record, accepted);
    if (found.kind === 'own') {
      refuse(found);
      return;
    }
    upgrader.upgrade({
      socket,
      head,
      path: accepted.target,
      headers: headersFor(req, record, accepted),
      record,
      targets: () => targetsOf(req, record, accepted),
      onOpen: () => connections.letStand(socket),
      fail: (status, sentence) => refuse(downAnswer(accepted, status, sentence)),
    });
  }

  const onRawAnswer = (socket: Socket, status: number, sentence: string): void => {
    counters.own(status);
    recorder.unread(socket, status, sentence);
  };
  const hooks = { connections, onRequest, onUpgrade, onRawAnswer };
  const servers = settings.hosts.map(() => createHttpServer(settings, hooks));

  return {
    servers,
    replace: held.replace,
    apply: held.apply,
    setTrust(trust) {
      table.trust = trust;
      if (trust !== 'holding') hold.release();
    },
    counters: () => counters.read(exchanges + upgrader.open()),
    traffic: traffic.take,
    busy: (key) => upstreams.load(key) > 0,
    open: () => exchanges + upgrader.open(),
    connections: () => connections.open(),
    startClosing() {
      closing = true;
    },
    endIdle() {
      for (const server of servers) server.closeIdleConnections();
    },
    close() {
      drain.close();
      health.close();
      stalls.close();
      upgrader.close();
      upstreams.close();
      for (const server of servers) server.closeAllConnections();
    },
  };
}
