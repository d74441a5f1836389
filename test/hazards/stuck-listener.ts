/** A server that accepts nobody for a while, so that connections to it hang half made: run as a process of its own. */
import { createServer } from 'node:http';

const server = createServer((_, res) => res.end('foreign'));
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  process.stdout.write(`${(server.address() as { port: number }).port}\n`);
});
server.on('upgrade', (_, socket) =>
  socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nforeign'),
);
