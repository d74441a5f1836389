/** Node's HTTP server as the proxy needs it: strict, with limits, and with every odd event taken care of. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isLoopbackPeer, peerAddress } from './client.ts';
import type { Connections } from './connections.ts';
import { rawAnswer } from './error-page.ts';
import { endSoon } from './linger.ts';
import type { ProxySettings } from './messages.ts';

export interface ServerHooks {
  readonly connections: Connections;
  readonly onRequest: (req: IncomingMessage, res: ServerResponse, expectsContinue: boolean) => void;
  readonly onUpgrade: (req: IncomingMessage, socket: Socket, head: Buffer) => void;
  /** The proxy answered by itself where there is no response object. */
  readonly onRawAnswer: (socket: Socket, status: number, sentence: string) => void;
}

export function createHttpServer(settings: ProxySettings, hooks: ServerHooks): Server {
  const { limits } = settings;
  const { connections, onRequest, onUpgrade } = hooks;
  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    // Counts the whole request and would cut slow uploads; `headersTimeout` bounds the head alone.
    requestTimeout: 0,
    headersTimeout: limits.headersTimeout,
    keepAliveTimeout: limits.idleTimeout,
    connectionsCheckingInterval: Math.min(1_000, limits.headersTimeout || 1_000),
    // Which host a request is for is ours to check, with a clearer answer.
    requireHostHeader: false,
    insecureHTTPParser: false,
    noDelay: true,
    shouldUpgradeCallback: isWebSocket,
    // A request without a body is no stream to be read to its end.
    optimizeEmptyRequests: true,
  });
  // Node would drop what is beyond silently; `checkRequest` counts and refuses.
  server.maxHeadersCount = 0;
  server.on('connection', (socket) => connections.accept(socket));
  server.on('request', (req, res) => onRequest(req, res, false));
  server.on('checkContinue', (req, res) => onRequest(req, res, true));
  // Any other expectation is refused (RFC 9110 10.1.1).
  server.on('checkExpectation', (req, res) =>
    connections.inTurn(req, res, () => {
      hooks.onRawAnswer(req.socket, 417, 'the expectation is not understood.');
      res.shouldKeepAlive = false;
      res.writeHead(417, { 'Content-Length': 0 }).end();
    }),
  );
  server.on('upgrade', (req, socket, head) => onUpgrade(req, socket as Socket, head));
  const refuse = (socket: Socket, status: number, sentence: string): void => {
    hooks.onRawAnswer(socket, status, sentence);
    const local = isLoopbackPeer(peerAddress(socket.remoteAddress));
    const explained = settings.explain === 'always' || (settings.explain === 'local' && local);
    endSoon(socket, rawAnswer(status, explained ? sentence : ''));
  };
  server.on('connect', (_, stream) => {
    const socket = stream as Socket;
    socket.on('error', () => socket.destroy());
    if (connections.current(socket) !== null) socket.destroy();
    else refuse(socket, 405, 'CONNECT is not offered.');
  });
  server.on('clientError', (error, socket) => onClientError(error, socket as Socket, connections, refuse));
  return server;
}

/** RFC 6455 4.1. With a body it is no upgrade: where the body ends would depend on who reads it. */
function isWebSocket({ method, httpVersion, headers }: IncomingMessage): boolean {
  if (method !== 'GET' || httpVersion !== '1.1') return false;
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0)
    return false;
  return /^\s*websocket\s*$/i.test(headers.upgrade ?? '');
}

type ClientError = Error & { readonly code?: string };

/** The parser refused: the connection cannot be read on. */
function onClientError(
  error: ClientError,
  socket: Socket,
  connections: Connections,
  refuse: (socket: Socket, status: number, sentence: string) => void,
): void {
  const current = connections.current(socket);
  // Bytes after a request that closes the connection are nobody's: that one is answered all the same (RFC 9112 9.6).
  if (error.code === 'HPE_CLOSED_CONNECTION' && current !== null) return;
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE' || !socket.writable) {
    connections.endCurrent(socket);
    socket.destroy();
  } else if (!connections.endCurrent(socket)) {
    // In the middle of an answer, another would be read as part of it.
    if (current?.headersSent) socket.destroy();
    else refuse(socket, ...reasonFor(error));
  }
}

function reasonFor({ code }: ClientError): [status: number, sentence: string] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return [431, 'the header fields are too large.'];
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return [413, 'the chunk extensions are too large.'];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, 'the header did not arrive in time.'];
    case 'HPE_PAUSED_H2_UPGRADE':
      return [505, 'HTTP/2 is not spoken here.'];
    default:
      return [400, 'the request is malformed.'];
  }
}
