/** Carries WebSocket upgrades, by http-proxy: wrapped, so that no socket error and no odd answer ends the process. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type { createProxyServer as CreateProxyServer } from 'http-proxy';
import type { Target } from '../events/decisions.ts';
import { targetKey } from '../routing/table.ts';
import { responseHeaders } from './headers.ts';

const { createProxyServer } = createRequire(import.meta.url)('http-proxy') as {
  createProxyServer: typeof CreateProxyServer;
};

export interface Upgrade {
  readonly req: IncomingMessage;
  readonly socket: Socket;
  /** What came after the request's head already. */
  readonly head: Buffer;
  readonly target: Target;
  readonly path: string;
  /** Names and values in turn, with `Host`, without framing; the upgrade's own fields are added here. */
  readonly headers: readonly string[];
  /** The upstream could not be asked; nothing has been sent to the client yet. */
  readonly fail: (status: 502 | 504, sentence: string) => void;
}

export interface Upgrader {
  upgrade(upgrade: Upgrade): void;
  /** Ends the tunnels to targets that are no longer wanted. */
  endThose(wanted: (key: string) => boolean): void;
  open(): number;
}

export function createUpgrader(connectTimeout: number): Upgrader {
  const proxy = createProxyServer({ xfwd: false, proxyTimeout: 0, timeout: 0 });
  const tunnels = new Map<Socket, string>();
  const starting = new WeakMap<IncomingMessage, Upgrade>();

  proxy.on('proxyReqWs', (request, req) => prepare(request, starting.get(req)!, connectTimeout));
  // Failures reach the callback of each call; this one is for sockets that fail after it.
  proxy.on('error', () => undefined);

  return {
    upgrade(upgrade) {
      const { req, socket, head, target } = upgrade;
      tunnels.set(socket, targetKey(target));
      socket.once('close', () => tunnels.delete(socket));
      socket.on('error', () => socket.destroy());
      starting.set(req, upgrade);
      const host = target.address.includes(':') ? `[${target.address}]` : target.address;
      let failed = false;
      const onFailure = (error: Error): void => {
        if (failed || socket.bytesWritten > writtenBefore) socket.destroy();
        else upgrade.fail(502, `container ${target.name} could not be reached (${error.message}).`);
        failed = true;
      };
      const writtenBefore = socket.bytesWritten;
      try {
        proxy.ws(req, socket, head, { target: `http://${host}:${target.port}` }, onFailure);
      } catch (error) {
        onFailure(error as Error);
      }
    },
    endThose(wanted) {
      for (const [socket, key] of tunnels) if (!wanted(key)) socket.destroy();
    },
    open: () => tunnels.size,
  };
}

/** The request as we want it sent, and our own way with answers that are no upgrade. */
function prepare(request: ClientRequest, upgrade: Upgrade, connectTimeout: number): void {
  for (const name of request.getHeaderNames()) request.removeHeader(name);
  const fields = [...upgrade.headers, 'Connection', 'Upgrade', 'Upgrade', 'websocket'];
  for (let index = 0; index < fields.length; index += 2)
    request.appendHeader(fields[index]!, fields[index + 1]!);
  request.path = upgrade.path;
  const timer = setTimeout(() => request.destroy(new Error('no connection in time')), connectTimeout);
  const settle = (): void => clearTimeout(timer);
  request.once('socket', (socket) => socket.once('connect', settle));
  request.once('close', settle);
  upgrade.socket.once('close', () => request.destroy());
  // http-proxy's own handlers are in place once this call has returned.
  queueMicrotask(() => {
    request.removeAllListeners('response');
    request.on('response', (response) => refuse(response, upgrade.socket));
  });
}

/** What is not 101 is an ordinary answer, after which the connection is closed. */
function refuse(response: IncomingMessage, socket: Socket): void {
  const fields = responseHeaders(response.rawHeaders);
  const lines = [
    `HTTP/1.1 ${response.statusCode} ${(response.statusMessage ?? '').replace(/[^\t\x20-\x7e]/g, '')}`,
  ];
  for (let index = 0; index < fields.length; index += 2) lines.push(`${fields[index]}: ${fields[index + 1]}`);
  lines.push('Connection: close', '', '');
  socket.write(lines.join('\r\n'), 'latin1');
  response.on('error', () => socket.destroy());
  response.pipe(socket);
}
