/**
 * A scripted engine on a unix socket: answers what a test tells it to, byte by byte where that matters. It models nothing;
 * for an engine that behaves, there is the simulator.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface RawEngine {
  readonly host: string;
  /** Requests so far, as `METHOD /path?query`. */
  readonly requests: string[];
  /** Connections accepted so far. */
  readonly connections: () => number;
  /** Replaces the answer to a path (without query); null restores the usual one. */
  answer(path: string, handler: Handler | null): void;
  /** Events that a subscription replays from its `since` on. */
  memory: RawEvent[];
  /** What list and inspect show. */
  readonly containers: Map<string, RawContainer>;
  /** Sends to all subscribers, and remembers. */
  emit(event: RawEvent): void;
  /** Sends bytes to all subscribers. */
  write(bytes: string | Buffer): void;
  subscribers(): number;
  cutStreams(): void;
  /** Ends it and every connection. */
  down(): Promise<void>;
  up(): Promise<void>;
}

export interface RawEvent {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly timeNano: bigint;
}

export interface RawContainer {
  readonly name: string;
  readonly status?: string;
  readonly address?: string;
  readonly startedAt?: string;
  readonly health?: string;
}

export const idOfRaw = (seed: string): string =>
  Buffer.from(seed).toString('hex').padEnd(64, '0').slice(0, 64);

export const rawEvent = (seed: string, action: string, timeNano: bigint): RawEvent => ({
  Type: 'container',
  Action: action,
  Actor: { ID: idOfRaw(seed), Attributes: { name: seed, image: 'web' } },
  timeNano,
});

/** Nanoseconds must not pass through a number on their way out either. */
export const lineOf = (event: RawEvent): string =>
  `${JSON.stringify({ ...event, timeNano: undefined }).slice(0, -1)},"time":${event.timeNano / 1_000_000_000n},"timeNano":${event.timeNano}}\n`;

export const nowNano = (): bigint => BigInt(Date.now()) * 1_000_000n;

export async function startRawEngine(): Promise<RawEngine> {
  const path = join(tmpdir(), `raw-engine-${randomBytes(6).toString('hex')}.sock`);
  const streams = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  const answers = new Map<string, Handler>();
  let accepted = 0;
  let server = http.createServer();
  const engine: RawEngine = {
    host: `unix://${path}`,
    requests: [],
    connections: () => accepted,
    answer(at, handler) {
      if (handler === null) answers.delete(at);
      else answers.set(at, handler);
    },
    memory: [],
    containers: new Map(),
    emit(event) {
      engine.memory.push(event);
      engine.write(lineOf(event));
    },
    write(bytes) {
      for (const stream of streams) stream.write(bytes);
    },
    subscribers: () => streams.size,
    cutStreams() {
      for (const stream of streams) stream.socket?.destroy();
    },
    async down() {
      for (const socket of sockets) socket.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
      if (existsSync(path)) rmSync(path);
    },
    async up() {
      server = http.createServer(serve).on('connection', (socket) => {
        accepted += 1;
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
      });
      await new Promise<void>((resolve) => server.listen(path, resolve));
    },
  };

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://engine');
    engine.requests.push(`${request.method} ${request.url}`);
    const given = answers.get(url.pathname);
    if (given !== undefined) given(request, response);
    else if (url.pathname === '/events') subscribe(url, response);
    else answerAsUsual(url, response);
  }

  function answerAsUsual(url: URL, response: ServerResponse): void {
    const answer = usual(engine, url.pathname);
    json(response, answer === null ? 404 : 200, answer ?? { message: 'No such container' });
  }

  function subscribe(url: URL, response: ServerResponse): void {
    const [seconds = '0', nanos = '0'] = (url.searchParams.get('since') ?? '0').split('.');
    const since = BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
    response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders();
    streams.add(response);
    response.once('close', () => streams.delete(response));
    for (const event of engine.memory) if (event.timeNano >= since) response.write(lineOf(event));
  }

  await engine.up();
  return engine;
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

export const rawInfo = (id = 'RAW'): unknown => ({
  ID: id,
  Name: 'raw',
  OperatingSystem: 'Test',
  ServerVersion: '1',
  SystemTime: new Date().toISOString(),
  SecurityOptions: [],
});

function usual(engine: RawEngine, path: string): unknown {
  if (path === '/info') return rawInfo();
  if (path === '/version') return { Version: '1', ApiVersion: '1.41' };
  const all = [...engine.containers];
  if (path === '/containers/json') return all.map(([id, container]) => listed(id, container));
  const id = /^\/containers\/([0-9a-f]+)\/json$/.exec(path)?.[1];
  const container = id === undefined ? undefined : engine.containers.get(id);
  return container === undefined ? null : inspected(id!, container);
}

const listed = (id: string, { name, status = 'running', address = '172.17.0.2', health }: RawContainer) => ({
  Id: id,
  Names: [`/${name}`],
  State: status,
  Status:
    status === 'running'
      ? `Up 1 second${health === undefined ? '' : ` (${health})`}`
      : 'Exited (0) 1 second ago',
  NetworkSettings: { Networks: { bridge: { IPAddress: status === 'running' ? address : '' } } },
});

export const inspected = (id: string, container: RawContainer) => ({
  Id: id,
  Name: `/${container.name}`,
  Created: '2026-01-01T00:00:00Z',
  Image: 'sha256:1',
  State: {
    Status: container.status ?? 'running',
    StartedAt: container.startedAt ?? new Date().toISOString(),
    Health: container.health === undefined ? null : { Status: container.health },
  },
  Config: { Image: 'web', ExposedPorts: { '80/tcp': {} }, Labels: {}, Env: [] },
  HostConfig: { NetworkMode: 'default' },
  NetworkSettings: { Networks: { bridge: { IPAddress: container.address ?? '172.17.0.2' } }, Ports: {} },
});
