/** What runs in a simulated container: a small web server that names itself. */
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { Gate } from './gate.ts';
import { answer, type Identity } from './web-pages.ts';
import { echoWebSocket } from './websocket.ts';

export interface Backend {
  readonly address: string;
  readonly port: number;
  /** Accepts nothing any more and ends what is open. */
  stop(): Promise<void>;
}

/**
 * @param gate while it is shut, connections are accepted, and nothing is answered
 * @throws {Error} with the system's `code` if the address cannot be had
 */
export async function startBackend(
  address: string,
  port: number,
  identity: Identity,
  gate: Gate,
): Promise<Backend> {
  const sockets = new Set<Socket>();
  const server = createServer({ requestTimeout: 0 }, (req, res) => {
    res.on('error', () => res.destroy());
    void answer(req, res, identity, gate);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (req, socket, head) => {
    identity.onRequest(`${req.method} ${req.url} upgrade`);
    void gate.passed().then(() => echoWebSocket(req, socket, head, gate));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: address, exclusive: true }, resolve);
  });
  return {
    address,
    port,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
