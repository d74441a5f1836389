/** WebSocket load: a backend that sends every byte back, and clients that each wait for their message before the next. */
import { createHash } from 'node:crypto';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { echoHost } from './peers.ts';

export interface EchoBackend {
  readonly port: number;
  close(): void;
}

export async function startEcho(): Promise<EchoBackend> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    socket.once('data', (head: Buffer) => {
      const key = /sec-websocket-key: (.*)\r\n/i.exec(head.toString('latin1'))?.[1] ?? '';
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      const fields = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}`;
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n\r\n`);
      socket.on('data', (chunk) => socket.write(chunk));
    });
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** @param from a loopback address, as one has too few ports for many connections */
export function openWebSocket(port: number, from = '127.0.0.1'): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ port, host: '127.0.0.1', localAddress: from, noDelay: true });
  const key = 'dGhlIHNhbXBsZSBub25jZQ==';
  socket.write(
    `GET /echo HTTP/1.1\r\nHost: ${echoHost}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  socket.once('error', reject);
  socket.once('data', (head: Buffer) => {
    if (head.toString('latin1').startsWith('HTTP/1.1 101 ')) resolve(socket);
    else reject(new Error(`no WebSocket: ${head.toString('latin1').slice(0, 200)}`));
  });
  return promise;
}

/** A masked binary frame of so many bytes; the mask is zero. */
export function frame(size: number): Buffer {
  return Buffer.concat([Buffer.from([0x82, 0x80 | size, 0, 0, 0, 0]), Buffer.alloc(size, 'x')]);
}

/** @returns messages that came back */
export async function echo(port: number, milliseconds: number, clients = 64, size = 100): Promise<number> {
  const sockets = await Promise.all(Array.from({ length: clients }, () => openWebSocket(port)));
  const message = frame(size);
  const until = performance.now() + milliseconds;
  let echoed = 0;
  await Promise.all(sockets.map((socket) => talk(socket, message, until, () => (echoed += 1))));
  return echoed;
}

function talk(socket: Socket, message: Buffer, until: number, onEcho: () => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let missing = message.length;
  socket
    .removeAllListeners('error')
    .once('error', reject)
    .once('close', () => resolve());
  socket.on('data', (chunk: Buffer) => {
    missing -= chunk.length;
    if (missing > 0) return;
    onEcho();
    missing = message.length;
    if (performance.now() < until) socket.write(message);
    else socket.destroy();
  });
  socket.write(message);
  return promise;
}
