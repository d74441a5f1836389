/** One WebSocket by http-proxy, over a connection already made; no odd answer and no socket error ends the process. */
import { Agent, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type { createProxyServer as CreateProxyServer } from 'http-proxy';
import type { Target } from '../events/decisions.ts';
import type { FieldNames } from './field-names.ts';
import { responseHeaders } from './headers.ts';
import { endSoon } from './linger.ts';
import { resetNow } from './reset.ts';
import { BadResponse, checkResponse, reasonOf } from './response-check.ts';

type ProxyServer = ReturnType<typeof CreateProxyServer<typeof IncomingMessage, typeof ServerResponse, Error>>;

export interface Tunnel {
  readonly client: Socket;
  /** What came after the request's head already. */
  readonly head: Buffer;
  readonly upstream: Socket;
  readonly target: Target;
  readonly path: string;
  /** Names and values in turn, with `Host`; the upgrade's own fields are added here. */
  readonly headers: readonly string[];
  /** Told to the client; null for none. */
  readonly requestId: string | null;
  /** The upstream switched protocols, or answered otherwise, with this status. */
  readonly onAnswer: (status: number) => void;
  /** There is no usable answer; nothing has been sent to the client yet. */
  readonly onFailure: (error: Error) => void;
}

export type OpenTunnel = (tunnel: Tunnel) => void;

export function createTunnels(names: FieldNames, firstByteTimeout: number): OpenTunnel {
  const starting = new WeakMap<IncomingMessage, Setup>();
  let loaded: ProxyServer | null = null;

  /** At the first tunnel: many never see one, and it would cost each worker memory. */
  function load(): ProxyServer {
    const { createProxyServer } = createRequire(import.meta.url)('http-proxy') as {
      createProxyServer: typeof CreateProxyServer;
    };
    const proxy = createProxyServer({ xfwd: false, prependPath: false, ignorePath: true });
    proxy.on('proxyReqWs', (request, req) => starting.get(req)?.prepare(request));
    // Failures reach the callback of each call; those that come later have destroyed both sockets already.
    proxy.on('error', () => undefined);
    return proxy;
  }

  return (tunnel) => {
    const setup = createSetup(tunnel, names, firstByteTimeout);
    const { client, head, target, upstream } = tunnel;
    // http-proxy gets nothing of the client's own: what it would copy and parse of it is set in `prepare`.
    const req = {
      method: 'GET',
      url: '/',
      httpVersion: '1.1',
      httpVersionMajor: 1,
      headers: { upgrade: 'websocket', connection: 'Upgrade' },
      socket: client,
    } as unknown as IncomingMessage;
    starting.set(req, setup);
    const agent = createAgentOf(upstream);
    const to = { protocol: 'http:', host: target.address, port: target.port };
    client.on('error', () => upstream.destroy());
    try {
      loaded ??= load();
      loaded.ws(req, client, head, { target: to, agent }, setup.fail);
    } catch (error) {
      setup.fail(error as Error);
    }
  };
}

/** Gives its one connection to the one request that asks. */
function createAgentOf(upstream: Socket): Agent {
  const agent = new Agent({ keepAlive: false });
  agent.createConnection = () => upstream;
  return agent;
}

interface Setup {
  prepare(request: ClientRequest): void;
  fail(error: Error): void;
}

function createSetup(tunnel: Tunnel, names: FieldNames, firstByteTimeout: number): Setup {
  const { client, upstream } = tunnel;
  let settled = false;
  let timer: NodeJS.Timeout | undefined;

  const settle = (): void => {
    settled = true;
    clearTimeout(timer);
  };

  function fail(error: Error): void {
    upstream.destroy();
    if (settled) resetNow(client);
    else {
      settle();
      tunnel.onFailure(error);
    }
  }

  /** @param goOn http-proxy's own part of it */
  function onUpgrade(response: IncomingMessage, goOn: () => void): void {
    try {
      checkSwitch(response);
      response.headers = joined(
        responseHeaders(response.rawHeaders, names, {
          length: false,
          trailer: false,
          requestId: tunnel.requestId,
        }),
      );
    } catch (error) {
      fail(error as Error);
      return;
    }
    settle();
    tunnel.onAnswer(101);
    tie(client, upstream);
    // http-proxy writes the head as text, in UTF-8 unless told otherwise: bytes from 0x80 on would become two.
    client.setDefaultEncoding('latin1');
    goOn();
    client.unpipe(upstream);
    upstream.unpipe(client);
    pump(client, upstream);
    pump(upstream, client);
  }

  function onResponse(response: IncomingMessage): void {
    // Its failures are looked after below; one before that must not end the process.
    response.on('error', () => undefined);
    try {
      checkResponse(response.statusCode ?? 0, response.rawHeaders, names);
    } catch (error) {
      fail(error as Error);
      return;
    }
    settle();
    tunnel.onAnswer(response.statusCode ?? 0);
    passOn(response, tunnel, names);
  }

  /** Once http-proxy has put its handlers on: ours decide what of an answer they see. */
  function wrap(request: ClientRequest): void {
    const theirs = request.listeners('upgrade');
    request.removeAllListeners('upgrade').removeAllListeners('response');
    request.once('upgrade', (response, socket, head) => {
      onUpgrade(response, () => {
        for (const listener of theirs) listener.call(request, response, socket, head);
      });
    });
    // Its own neither waits for a slow client nor survives a broken answer.
    request.once('response', onResponse);
  }

  return {
    fail,
    prepare(request) {
      request.on('error', () => undefined);
      for (const name of request.getHeaderNames()) request.removeHeader(name);
      const fields = [...tunnel.headers, 'Connection', 'Upgrade', 'Upgrade', 'websocket'];
      for (let index = 0; index < fields.length; index += 2)
        request.appendHeader(fields[index]!, fields[index + 1]!);
      request.path = tunnel.path;
      if (firstByteTimeout > 0) {
        const late = Object.assign(new Error('no answer in time'), { code: 'UND_ERR_HEADERS_TIMEOUT' });
        timer = setTimeout(() => request.destroy(late), firstByteTimeout);
      }
      client.once('close', () => {
        clearTimeout(timer);
        if (!settled) upstream.destroy();
      });
      queueMicrotask(() => wrap(request));
    },
  };
}

/** @throws {BadResponse} */
function checkSwitch({ statusCode, headers }: IncomingMessage): void {
  if (statusCode !== 101) throw new BadResponse(`it switched protocols with status ${statusCode}`);
  if (headers.upgrade?.toLowerCase() !== 'websocket')
    throw new BadResponse('it switched to another protocol than asked for');
}

/** As http-proxy takes them. */
function joined(fields: readonly string[]): Record<string, string | string[]> {
  const record = Object.create(null) as Record<string, string | string[]>;
  const all = [...fields, 'Connection', 'Upgrade', 'Upgrade', 'websocket'];
  for (let index = 0; index < all.length; index += 2) {
    const name = all[index]!;
    const value = all[index + 1]!;
    const before = record[name];
    record[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return record;
}

/** Beyond what http-proxy does: neither side outlives the other, and each may close its half first. */
function tie(client: Socket, upstream: Socket): void {
  client.allowHalfOpen = true;
  upstream.allowHalfOpen = true;
  client.once('close', (hadError) => (hadError ? resetNow(upstream) : upstream.destroySoon()));
  upstream.once('close', (hadError) => (hadError ? resetNow(client) : client.destroySoon()));
}

/** As `pipe` does, with less for each of the many small chunks of a WebSocket. */
function pump(from: Socket, to: Socket): void {
  from.on('data', (chunk: Buffer) => {
    if (!to.write(chunk)) from.pause();
  });
  from.on('end', () => to.end());
  to.on('drain', () => from.resume());
  from.resume();
}

/** What is not 101 is an ordinary answer, after which the connection is closed. */
function passOn(response: IncomingMessage, { client, requestId }: Tunnel, names: FieldNames): void {
  const status = response.statusCode ?? 0;
  const framing = { length: status !== 204, trailer: false, requestId };
  const fields = responseHeaders(response.rawHeaders, names, framing);
  const lines = [`HTTP/1.1 ${status} ${reasonOf(status, response.statusMessage ?? '')}`];
  for (let index = 0; index < fields.length; index += 2) lines.push(`${fields[index]}: ${fields[index + 1]}`);
  lines.push('Connection: close', '', '');
  client.write(lines.join('\r\n'), 'latin1');
  // Unread bytes would hide that it has gone.
  client.resume();
  // Part of an answer must not pass for the whole.
  const cut = (): void => {
    resetNow(client);
  };
  response.on('error', cut).once('close', () => {
    if (!response.complete) cut();
  });
  client.once('close', () => response.destroy());
  response.pipe(client, { end: false });
  response.once('end', () => endSoon(client, ''));
}
