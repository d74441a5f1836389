/** Where the engine listens: a unix socket, and a port of loopback if wanted. Closing it ends every connection. */
import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Listener {
  open(): Promise<void>;
  close(): Promise<void>;
  /** The TCP port while it is open; null without one. */
  port(): number | null;
}

/** @param tcpPort on 127.0.0.1; 0 takes any free one, and keeps it when it is opened again; null for none */
export function createListener(
  handle: (req: IncomingMessage, res: ServerResponse) => void,
  socketPath: string,
  tcpPort: number | null,
): Listener {
  const sockets = new Set<Socket>();
  let servers: Server[] = [];
  let port = tcpPort;

  async function listen(where: { path: string } | { host: string; port: number }): Promise<Server> {
    const server = createServer({ requestTimeout: 0, keepAliveTimeout: 0 }, handle);
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(where, resolve);
    });
    servers.push(server);
    return server;
  }

  return {
    async open() {
      rmSync(socketPath, { force: true });
      await listen({ path: socketPath });
      if (port === null) return;
      const server = await listen({ host: '127.0.0.1', port });
      port = (server.address() as AddressInfo).port;
    },
    async close() {
      const closing = servers;
      servers = [];
      const closed = closing.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
      rmSync(socketPath, { force: true });
    },
    port: () => (servers.length > 0 ? port : null),
  };
}
