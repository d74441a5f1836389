/** What runs in a simulated container: a small web server that names itself. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface Identity {
  readonly id: string;
  readonly name: () => string;
  readonly startedAt: string;
}

export interface Backend {
  /** Accepts nothing any more and ends what is open. */
  stop(): Promise<void>;
  /** Accepts, but does not answer. */
  pause(): void;
  unpause(): void;
}

/** @throws {Error} with the system's `code` if the address cannot be had */
export async function startBackend(address: string, port: number, identity: Identity): Promise<Backend> {
  const sockets = new Set<Socket>();
  let paused: (() => void)[] | null = null;
  const server: Server = createServer((req, res) => {
    const run = (): void => answer(req, res, identity);
    if (paused === null) run();
    else paused.push(run);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', echoUpgrade);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
  return {
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    pause() {
      paused ??= [];
    },
    unpause() {
      const waiting = paused ?? [];
      paused = null;
      for (const run of waiting) run();
    },
  };
}

/** `/slow?ms=`, `/big?bytes=`, `/echo`, `/headers`, `/events`; all else says who answers. */
function answer(req: IncomingMessage, res: ServerResponse, identity: Identity): void {
  const url = new URL(req.url ?? '/', 'http://container');
  const number = (name: string, most: number): number =>
    Math.min(Number(url.searchParams.get(name) ?? 0) || 0, most);
  const who = {
    name: identity.name(),
    id: identity.id,
    startedAt: identity.startedAt,
    path: req.url,
    method: req.method,
  };
  const json = (value: unknown): void => {
    res.writeHead(200, { 'Content-Type': 'application/json' }).end(`${JSON.stringify(value)}\n`);
  };
  switch (url.pathname) {
    case '/slow':
      setTimeout(() => json(who), number('ms', 60_000));
      return;
    case '/big':
      res
        .writeHead(200, { 'Content-Type': 'application/octet-stream' })
        .end(Buffer.alloc(number('bytes', 64 * 1024 * 1024)));
      return;
    case '/echo':
      res.writeHead(200, { 'Content-Type': 'application/octet-stream' });
      req.pipe(res);
      return;
    case '/headers':
      json({ ...who, headers: req.rawHeaders });
      return;
    case '/events':
      sendEvents(res);
      return;
    default:
      json(who);
  }
}

function sendEvents(res: ServerResponse): void {
  res.writeHead(200, { 'Content-Type': 'text/event-stream' });
  let count = 0;
  const timer = setInterval(() => res.write(`data: ${count++}\n\n`), 100);
  res.on('close', () => clearInterval(timer));
}

/** Accepts a WebSocket (RFC 6455 4.2.2) and sends back what comes, unmasked again. */
function echoUpgrade(req: IncomingMessage, socket: Socket): void {
  const key = req.headers['sec-websocket-key'] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.on('error', () => socket.destroy());
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  let waiting = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    for (let frame = unmask(waiting); frame !== null; frame = unmask(waiting)) {
      socket.write(frame.bytes);
      waiting = waiting.subarray(frame.length);
    }
  });
}

/** One whole frame of at most 65,535 bytes, as a server sends it (RFC 6455 5.2); null while it is incomplete. */
function unmask(bytes: Buffer): { bytes: Buffer; length: number } | null {
  if (bytes.length < 2) return null;
  const short = bytes[1]! & 0x7f;
  const start = short === 126 ? 4 : 2;
  if (bytes.length < start + 4) return null;
  const size = short === 126 ? bytes.readUInt16BE(2) : short;
  const length = start + 4 + size;
  if (bytes.length < length) return null;
  const mask = bytes.subarray(start, start + 4);
  const payload = Buffer.from(bytes.subarray(start + 4, length));
  for (let index = 0; index < size; index++) payload[index]! ^= mask[index % 4]!;
  const head = Buffer.from(bytes.subarray(0, start));
  head[1] = short;
  return { bytes: Buffer.concat([head, payload]), length };
}
