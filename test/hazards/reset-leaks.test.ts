/** Hazard: a connection is to be reset just as its end is on the way. libuv refuses that, and Node then never closes it. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { resetNow } from '../../src/proxy/reset.ts';
import { entryOf, routeOf, startProxy, targetOf } from '../proxy/in-process.ts';
import { openClient, startBackend, until, within } from '../support/raw-http.ts';
import { H, host } from './cases.ts';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const switched = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const kinds = {
  'an answer under way': [
    `GET / HTTP/1.1\r\n${H}\r\n`,
    'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbeginning',
  ],
  'a WebSocket': [
    `GET / HTTP/1.1\r\n${H}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    `${switched}beginning`,
  ],
} as const;

describe('a client that ends just as its upstream breaks holds nothing', () => {
  for (const [name, [request, beginning]] of Object.entries(kinds))
    test(name, async () => {
      const backend = await startBackend((_, socket) => void socket.write(beginning));
      const proxy = await startProxy([entryOf(host, [routeOf([targetOf(backend)])])]);
      ends.push(backend.close, () => proxy.proxy.close());
      for (let round = 0; round < 20; round += 1) {
        const client = await openClient(proxy.port);
        client.send(request);
        await until(() => client.received().endsWith('beginning'), 'the beginning');
        // Both are closed at once here, and arrive together there.
        client.socket.destroy();
        for (const socket of backend.sockets) socket.resetAndDestroy();
        await until(() => proxy.proxy.connections() === 0, `the end of round ${round}`);
        expect(proxy.proxy.open()).toBe(0);
      }
    });
});

test('a socket whose end is on the way is closed all the same', async () => {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await within(once(server, 'listening'), 'listen');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = (await within(once(server, 'connection'), 'the connection')) as [Socket];
  ends.push(
    () => void server.close(),
    () => void client.destroy(),
  );
  client.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.end();
  await new Promise((resolve) => process.nextTick(resolve));
  resetNow(socket);
  await within(closed, 'its close');
});
