/** Hazard: an upstream that answers a request whose body it does not want, and closes with the rest unread, which resets the connection. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { entryOf, routeOf, startProxy, targetOf } from '../proxy/in-process.ts';
import { ask, openClient, within } from '../support/raw-http.ts';
import { H, host } from './cases.ts';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** @param refuse what the upstream does once a request has begun to come */
async function start(refuse: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.pause();
      refuse(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await within(once(server, 'listening'), 'listen');
  const { port } = server.address() as AddressInfo;
  const proxy = await startProxy([entryOf(host, [routeOf([targetOf({ port, address: '127.0.0.1' })])])]);
  ends.push(() => void server.close(), proxy.close);
  return proxy.port;
}

const refusal = 'HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno';
const size = 1_000_000;
const body = 'x'.repeat(size);
const uploads = {
  'with a length': `POST / HTTP/1.1\r\n${H}Content-Length: ${size}\r\n\r\n${body}`,
  'with chunks': `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
};
const ways: Readonly<Record<string, (socket: Socket) => void>> = {
  closes: (socket) => void socket.end(refusal, () => socket.destroy()),
  'is reset at once': (socket) => void socket.write(refusal, () => socket.resetAndDestroy()),
  'is reset a little later': (socket) =>
    void socket.write(refusal, () => setTimeout(() => socket.resetAndDestroy(), 5)),
};

describe('an answer before the request is whole reaches the client, though writing the rest fails', () => {
  for (const [way, refuse] of Object.entries(ways))
    for (const [framing, upload] of Object.entries(uploads))
      test(`the upstream ${way}, ${framing}`, async () => {
        const port = await start(refuse);
        for (let round = 0; round < 10; round += 1) {
          const answer = await ask(port, upload);
          expect([answer.status, answer.body]).toEqual([413, 'no']);
        }
      });

  test('but half of one does not pass for the whole', async () => {
    const port = await start((socket) => {
      socket.write(refusal.slice(0, -1), () => socket.resetAndDestroy());
    });
    const client = await openClient(port);
    client.send(uploads['with a length']);
    expect(await client.closed()).toBe('reset');
    expect(client.received()).not.toContain('502');
    client.close();
  });
  test('and none is 502', async () => {
    const port = await start((socket) => socket.resetAndDestroy());
    expect((await ask(port, uploads['with a length'])).status).toBe(502);
  });
});
