/** One worker's HTTP server: checks a request, finds its route, has it forwarded, or answers by itself. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { hasAmbiguousPath, hasPathRules, match } from '../routing/match.ts';
import {
  applyDelta,
  createTable,
  type RoutingTable,
  type TableDelta,
  type TableRoute,
  type TableSnapshot,
  type Trust,
} from '../routing/table.ts';
import { createBalancer } from './balance.ts';
import { createTrustedProxies, peerAddress } from './client.ts';
import { createCounters } from './counters.ts';
import { answer, isExplained, type OwnAnswer, rawAnswer } from './error-page.ts';
import { createForward } from './forward.ts';
import { isLoop, requestHeaders } from './headers.ts';
import { createHold } from './hold.ts';
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
}

/** What is found for a request: a route with targets, or the proxy's own answer. */
type Found = { readonly kind: 'route'; readonly route: TableRoute } | ({ readonly kind: 'own' } & OwnAnswer);

export function createProxyServer(options: ServerOptions): ProxyServer {
  const { settings, self, now } = options;
  const { limits } = settings;
  let table: RoutingTable = createTable(options.table);
  const counters = createCounters();
  const balancer = createBalancer();
  const upstreams = createUpstreams(limits);
  const upgrader = createUpgrader(limits.connectTimeout);
  const forward = createForward({ upstreams, limits, counters, now });
  const hold = createHold(limits.holdTimeout);
  const isTrusted = createTrustedProxies(settings.trustedProxies);
  let exchanges = 0;
  tableChanged();

  function onRequest(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void {
    counters.request();
    exchanges += 1;
    res.once('close', () => {
      exchanges -= 1;
    });
    const accepted = checkRequest(req, limits.headerCount);
    if ('reason' in accepted)
      own(req, res, { status: accepted.status, sentence: `${accepted.reason}.`, close: true });
    else if (isLoop(req, self))
      own(req, res, { status: 508, sentence: 'the request came back to this proxy.' });
    else hold.pass(table.trust, () => serve(req, res, accepted, expectsContinue));
  }

  function serve(
    req: IncomingMessage,
    res: ServerResponse,
    accepted: Accepted,
    expectsContinue: boolean,
  ): void {
    if (res.destroyed) return;
    const found = find(accepted);
    if (found.kind === 'own') {
      own(req, res, found);
      return;
    }
    forward({
      req,
      res,
      path: accepted.target,
      headers: headersFor(req, accepted),
      hasBody: accepted.chunked || (accepted.length !== null && accepted.length !== '0'),
      expectsContinue,
      targets: () => {
        const again = find(accepted);
        return again.kind === 'route' ? balancer.order(again.route) : [];
      },
      fail(status, sentence) {
        const again = status === 503 ? find(accepted) : null;
        own(req, res, again?.kind === 'own' ? again : { status, sentence });
      },
    });
  }

  function find({ host, target }: Accepted): Found {
    const unavailable = (sentence: string): Found => ({ kind: 'own', status: 503, sentence, retryAfter: 1 });
    if (table.trust === 'holding') return unavailable('the Docker engine has not told yet what is running.');
    if (table.trust === 'distrusted') {
      return unavailable(
        'the machine was started anew and the Docker engine has not told yet what is running.',
      );
    }
    const found = match(table, host, target);
    switch (found.kind) {
      case 'route':
      case 'down':
      case 'no-path':
        if (hasPathRules(found.entry) && hasAmbiguousPath(target.split('?')[0]!)) {
          const sentence = 'the path has dot segments or encoded separators, on a host that routes by path.';
          return { kind: 'own', status: 400, sentence, close: true };
        }
        if (found.kind === 'route') return { kind: 'route', route: found.route };
        if (found.kind === 'down') return { ...unavailable(found.sentence), retryAfter: 5 } as Found;
        return { kind: 'own', status: 404, sentence: `no route of ${host} covers this path.` };
      case 'unknown':
        return { kind: 'own', status: 404, sentence: `no container has answered as ${host} so far.` };
      default:
        return found satisfies never;
    }
  }

  function headersFor(req: IncomingMessage, { host, chunked, length }: Accepted): string[] {
    const peer = peerAddress(req.socket.remoteAddress);
    const port = req.socket.localPort ?? settings.port;
    const sent = req.headers.host ?? host;
    const fields = [
      'Host',
      sent,
      ...requestHeaders(req, { peer, port, host: sent, self, trusted: isTrusted(peer) }),
    ];
    // Without either, undici frames a body as chunks by itself.
    if (!chunked && length !== null && length !== '0') fields.push('Content-Length', length);
    return fields;
  }

  function own(req: IncomingMessage, res: ServerResponse, reply: OwnAnswer): void {
    counters.own(reply.status);
    if (res.headersSent || res.destroyed) return;
    answer(req, res, reply, settings);
  }

  function onUpgrade(req: IncomingMessage, socket: Socket, head: Buffer): void {
    counters.upgrade();
    socket.on('error', () => socket.destroy());
    const refuse = (status: number, sentence: string): void => {
      counters.own(status);
      socket.end(rawAnswer(status, isExplained(req, settings.explain) ? sentence : ''));
    };
    const accepted = checkRequest(req, limits.headerCount);
    if ('reason' in accepted) refuse(accepted.status, `${accepted.reason}.`);
    else if (accepted.chunked || (accepted.length ?? '0') !== '0') refuse(400, 'an upgrade with a body.');
    else if (isLoop(req, self)) refuse(508, 'the request came back to this proxy.');
    else {
      hold.pass(table.trust, () => {
        const found = find(accepted);
        const target = found.kind === 'route' ? balancer.order(found.route)[0] : undefined;
        if (target === undefined)
          refuse(found.kind === 'own' ? found.status : 503, found.kind === 'own' ? found.sentence : '');
        else
          upgrader.upgrade({
            req,
            socket,
            head,
            target,
            path: accepted.target,
            headers: headersFor(req, accepted),
            fail: refuse,
          });
      });
    }
  }

  function tableChanged(): void {
    upstreams.keepOnly(table, options.drain);
    const timer = setTimeout(() => upgrader.endThose(isCurrentKey), options.drain);
    timer.unref();
  }

  const isCurrentKey = (key: string): boolean => upstreams.isCurrentKey(key);

  const servers = settings.hosts.map(() => createHttpServer(settings, onRequest, onUpgrade));

  return {
    servers,
    replace(snapshot) {
      table = createTable({ ...snapshot, trust: table.trust });
      tableChanged();
    },
    apply(delta) {
      applyDelta(table, delta);
      tableChanged();
    },
    setTrust(trust) {
      table.trust = trust;
      if (trust !== 'holding') hold.release();
    },
    counters: () => counters.read(exchanges + upgrader.open()),
    open: () => exchanges + upgrader.open(),
    close() {
      upgrader.endThose(() => false);
      upstreams.close();
      for (const server of servers) server.closeAllConnections();
    },
  };
}

type OnRequest = (req: IncomingMessage, res: ServerResponse, expectsContinue: boolean) => void;
type OnUpgrade = (req: IncomingMessage, socket: Socket, head: Buffer) => void;

function createHttpServer({ limits }: ProxySettings, onRequest: OnRequest, onUpgrade: OnUpgrade): Server {
  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    // Counts the whole request and would cut slow uploads; `headersTimeout` bounds the head alone.
    requestTimeout: 0,
    headersTimeout: limits.headersTimeout,
    keepAliveTimeout: limits.idleTimeout,
    connectionsCheckingInterval: 1_000,
    // Which host a request is for is ours to check, with a clearer answer.
    requireHostHeader: false,
    insecureHTTPParser: false,
    shouldUpgradeCallback: (req) => req.method === 'GET' && /^websocket$/i.test(req.headers.upgrade ?? ''),
  });
  // Node would drop what is beyond silently; `checkRequest` counts and refuses.
  server.maxHeadersCount = 0;
  server.maxConnections = limits.connections;
  server.on('request', (req, res) => onRequest(req, res, false));
  server.on('checkContinue', (req, res) => onRequest(req, res, true));
  // Any other expectation is refused (RFC 9110 10.1.1).
  server.on('checkExpectation', (_, res) => res.writeHead(417, { Connection: 'close' }).end());
  server.on('upgrade', (req, socket, head) => onUpgrade(req, socket as Socket, head));
  server.on('connect', (_, socket) => socket.end(rawAnswer(405, 'CONNECT is not offered.')));
  server.on('clientError', answerClientError);
  return server;
}

/** The parser refused: the connection cannot be read on. */
function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const [status, sentence] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [431, 'the header fields are too large.']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [408, 'the header did not arrive in time.']
        : [400, 'the request is malformed.'];
  socket.end(rawAnswer(status as number, sentence as string));
  // A client that keeps sending is not listened to for ever.
  const timer = setTimeout(() => socket.destroy(), 1_000);
  timer.unref();
}
