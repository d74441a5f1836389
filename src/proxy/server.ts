/** One worker's proxy: checks a request, finds its route, has it forwarded, or answers by itself. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Target } from '../events/decisions.ts';
import {
  createTable,
  type RoutingTable,
  type TableDelta,
  type TableSnapshot,
  type Trust,
} from '../routing/table.ts';
import { createBalancer } from './balance.ts';
import { createTrustedProxies, peerAddress } from './client.ts';
import { createConnections } from './connections.ts';
import { createCounters } from './counters.ts';
import { createDrain } from './drain.ts';
import { answer, isExplained, type OwnAnswer, rawAnswer } from './error-page.ts';
import { createFieldNames } from './field-names.ts';
import { createForward } from './forward.ts';
import { isLoop, requestHeaders } from './headers.ts';
import { createHold } from './hold.ts';
import { createHttpServer } from './http-server.ts';
import { endSoon } from './linger.ts';
import { lookUp } from './lookup.ts';
import type { ProxyCounters, ProxySettings } from './messages.ts';
import { type Accepted, checkRequest } from './request-check.ts';
import { createUpgrader } from './upgrade.ts';
import { createUpstreams } from './upstreams.ts';

export interface ProxyServer {
  /** One for each address to listen on; they share everything else. */
  readonly servers: readonly Server[];
  replace(table: TableSnapshot): void;
  apply(delta: TableDelta): void;
  setTrust(trust: Trust): void;
  counters(): ProxyCounters;
  /** Requests and tunnels under way. */
  open(): number;
  /** Clients' connections, idle ones included. */
  connections(): number;
  /** Answers from now on close their connections. */
  startClosing(): void;
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
  /** No file descriptor was left for a connection. */
  readonly onExhausted?: (error: Error) => void;
}

export function createProxyServer(options: ServerOptions): ProxyServer {
  const { settings, self, now } = options;
  const { limits } = settings;
  const table: RoutingTable = createTable({ ...options.table, hosts: [] });
  const counters = createCounters();
  const names = createFieldNames();
  const balancer = createBalancer();
  const connections = createConnections(limits);
  const upstreams = createUpstreams(limits);
  const onExhausted = options.onExhausted ?? (() => undefined);
  const carrying = { limits, counters, names, now, onExhausted };
  const upgrader = createUpgrader(carrying);
  const forward = createForward({ ...carrying, upstreams });
  const hold = createHold(limits.holdTimeout);
  const isTrusted = createTrustedProxies(settings.trustedProxies);
  const drain = createDrain({
    grace: options.drain,
    onLeave: (key) => upstreams.leave(key),
    onReturn: (key) => upstreams.comeBack(key),
    onOver(key) {
      upstreams.end(key);
      upgrader.end(key);
    },
  });
  let exchanges = 0;
  let closing = false;

  function onRequest(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void {
    counters.request();
    exchanges += 1;
    res.once('close', () => {
      exchanges -= 1;
    });
    if (closing) res.shouldKeepAlive = false;
    const checked = check(req);
    connections.inTurn(req, res, () => {
      if ('sentence' in checked) own(req, res, checked);
      else hold.pass(table.trust, () => serve(req, res, checked, expectsContinue));
    });
  }

  function check(req: IncomingMessage): Accepted | OwnAnswer {
    const accepted = checkRequest(req, names, limits.headerCount);
    if ('reason' in accepted)
      return { status: accepted.status, sentence: `${accepted.reason}.`, close: true };
    if (isLoop(accepted.hops, self)) return { status: 508, sentence: 'the request came back to this proxy.' };
    if (limits.bodyBytes > 0 && Number(accepted.length ?? 0) > limits.bodyBytes)
      return { status: 413, sentence: `the body is larger than ${limits.bodyBytes} bytes.`, close: true };
    return accepted;
  }

  function serve(
    req: IncomingMessage,
    res: ServerResponse,
    accepted: Accepted,
    expectsContinue: boolean,
  ): void {
    if (res.destroyed) return;
    const found = lookUp(table, accepted.host, accepted.target);
    if (found.kind === 'own') {
      own(req, res, found);
      return;
    }
    const { hasBody, target: path } = accepted;
    const end = forward({
      req,
      res,
      request: {
        method: req.method ?? 'GET',
        path,
        headers: headersFor(req, accepted),
        body: hasBody ? req : null,
        expectsContinue: hasBody && expectsContinue,
      },
      targets: () => targetsOf(accepted),
      fail: (status, sentence) => own(req, res, downAnswer(accepted, status, sentence)),
    });
    connections.onBroken(req.socket, () => {
      end();
      return false;
    });
  }

  function targetsOf({ host, target }: Accepted): readonly Target[] {
    const found = lookUp(table, host, target);
    return found.kind === 'route' ? balancer.order(found.route) : [];
  }

  /** A route that went down while its target was tried has its own sentence. */
  function downAnswer({ host, target }: Accepted, status: number, sentence: string): OwnAnswer {
    const found = status === 503 ? lookUp(table, host, target) : null;
    if (found?.kind === 'own') return found;
    return status === 503 ? { status, sentence, retryAfter: 1 } : { status, sentence };
  }

  function headersFor(req: IncomingMessage, accepted: Accepted): string[] {
    const peer = peerAddress(req.socket.remoteAddress);
    return requestHeaders(req.rawHeaders, accepted, { peer, isTrusted, self }, names);
  }

  function own(req: IncomingMessage, res: ServerResponse, reply: OwnAnswer): void {
    if (res.headersSent || res.destroyed) return;
    counters.own(reply.status);
    answer(req, res, reply, settings);
    connections.onBroken(req.socket, () => {
      res.end();
      return true;
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
    const refuse = ({ status, sentence, retryAfter }: OwnAnswer): void => {
      counters.own(status);
      endSoon(socket, rawAnswer(status, isExplained(req, settings.explain) ? sentence : '', retryAfter));
    };
    const checked = check(req);
    if ('sentence' in checked) refuse(checked);
    else hold.pass(table.trust, () => openTunnel(req, socket, head, checked, refuse));
  }

  function openTunnel(
    req: IncomingMessage,
    socket: Socket,
    head: Buffer,
    accepted: Accepted,
    refuse: (own: OwnAnswer) => void,
  ): void {
    const found = lookUp(table, accepted.host, accepted.target);
    if (found.kind === 'own') {
      refuse(found);
      return;
    }
    upgrader.upgrade({
      socket,
      head,
      path: accepted.target,
      headers: headersFor(req, accepted),
      targets: () => targetsOf(accepted),
      fail: (status, sentence) => refuse(downAnswer(accepted, status, sentence)),
    });
  }

  function takeOver(hosts: TableSnapshot['hosts']): void {
    const gone = new Map(table.hosts);
    for (const entry of hosts) {
      drain.changed(gone.get(entry.host), entry);
      gone.delete(entry.host);
      table.hosts.set(entry.host, entry);
    }
    for (const [host, entry] of gone) {
      drain.changed(entry, undefined);
      table.hosts.delete(host);
    }
  }

  takeOver(options.table.hosts);
  const onRawAnswer = (status: number): void => counters.own(status);
  const hooks = { connections, onRequest, onUpgrade, onRawAnswer };
  const servers = settings.hosts.map(() => createHttpServer(settings, hooks));

  return {
    servers,
    replace(snapshot) {
      takeOver(snapshot.hosts);
      table.position = snapshot.position;
    },
    apply(delta) {
      for (const entry of delta.hosts) {
        drain.changed(table.hosts.get(entry.host), entry);
        table.hosts.set(entry.host, entry);
      }
      table.position = delta.position;
    },
    setTrust(trust) {
      table.trust = trust;
      if (trust !== 'holding') hold.release();
    },
    counters: () => counters.read(exchanges + upgrader.open()),
    open: () => exchanges + upgrader.open(),
    connections: () => connections.open(),
    startClosing() {
      closing = true;
      for (const server of servers) server.closeIdleConnections();
    },
    close() {
      drain.close();
      upgrader.close();
      upstreams.close();
      for (const server of servers) server.closeAllConnections();
    },
  };
}
