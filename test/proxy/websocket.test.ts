/** WebSockets end to end, as RFC 6455 has them: whatever one side says the other hears, to the byte, in order. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { within } from '../support/raw-http.ts';
import { entryOf, routeOf, startProxy, type TestProxy, targetOf } from './in-process.ts';

const host = 'web.docker.localhost';
let server: WebSocketServer;
let proxy: TestProxy;
let clients: WebSocket[] = [];

beforeAll(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: true });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  proxy = await startProxy([entryOf(host, [routeOf([targetOf({ port, address: '127.0.0.1' })])])]);
});
afterEach(() => {
  for (const client of clients) client.terminate();
  clients = [];
  server.removeAllListeners('connection');
});
afterAll(async () => {
  await proxy.close();
  for (const peer of server.clients) peer.terminate();
  await new Promise((resolve) => server.close(resolve));
});

interface Pair {
  readonly client: WebSocket;
  readonly peer: WebSocket;
}

/** A client, and the backend's end of its connection. */
async function connected(deflate = false, protocols: string[] = []): Promise<Pair> {
  const accepted = once(server, 'connection') as Promise<[WebSocket]>;
  const client = new WebSocket(`ws://127.0.0.1:${proxy.port}/`, protocols, {
    headers: { Host: host },
    perMessageDeflate: deflate,
  });
  clients.push(client);
  await within(once(client, 'open'), 'the handshake');
  const [peer] = await within(accepted, 'the backend');
  return { client, peer };
}

const message = async (socket: WebSocket): Promise<{ data: Buffer; binary: boolean }> => {
  const [data, binary] = (await within(once(socket, 'message'), 'a message', 30_000)) as [Buffer, boolean];
  return { data, binary };
};
const closing = async (socket: WebSocket): Promise<[code: number, reason: string]> => {
  const [code, reason] = (await within(once(socket, 'close'), 'the close')) as [number, Buffer];
  return [code, reason.toString()];
};

describe.each([
  ['plain', false],
  ['compressed', true],
])('%s', (_, deflate) => {
  test.each([0, 1, 125, 126, 65_535, 65_536, 1_048_576, 16 * 1_048_576])(
    '%i bytes arrive whole, both ways',
    async (size) => {
      const { client, peer } = await connected(deflate);
      const bytes = randomBytes(size);
      const heard = message(peer);
      client.send(bytes, { binary: true });
      const there = await heard;
      expect(there.binary).toBe(true);
      expect(there.data.equals(bytes)).toBe(true);
      const back = message(client);
      peer.send(bytes.toString('base64'), { binary: false });
      const here = await back;
      expect(here.binary).toBe(false);
      expect(here.data.toString()).toBe(bytes.toString('base64'));
    },
  );
});

test('a message in fragments, with control frames between them, is one message', async () => {
  const { client, peer } = await connected();
  const pinged = once(peer, 'ping') as Promise<[Buffer]>;
  const ponged = once(client, 'pong') as Promise<[Buffer]>;
  const heard = message(peer);
  client.send('first, ', { fin: false });
  client.ping('in between');
  client.send('second, ', { fin: false });
  client.send('third', { fin: true });
  expect((await heard).data.toString()).toBe('first, second, third');
  expect((await within(pinged, 'the ping'))[0].toString()).toBe('in between');
  expect((await within(ponged, 'the pong'))[0].toString()).toBe('in between');
});

test('what the backend asks for by a ping comes back from the client', async () => {
  const { client, peer } = await connected();
  const pinged = once(client, 'ping');
  const ponged = once(peer, 'pong') as Promise<[Buffer]>;
  peer.ping(Buffer.alloc(125, 'p'));
  await within(pinged, 'the ping');
  expect((await within(ponged, 'the pong'))[0]).toHaveLength(125);
});

test('ten thousand small messages keep their order', async () => {
  const { client, peer } = await connected();
  const seen: number[] = [];
  const all = new Promise<void>((resolve) => {
    peer.on('message', (data: Buffer) => {
      seen.push(Number(data.toString()));
      if (seen.length === 10_000) resolve();
    });
  });
  for (let count = 0; count < 10_000; count++) client.send(String(count));
  await within(all, 'all messages', 30_000);
  expect(seen).toEqual(Array.from({ length: 10_000 }, (_, count) => count));
});

test.each([
  [1000, 'done'],
  [1001, ''],
  [1008, 'policy'],
  [3000, 'registered'],
  [4999, 'x'.repeat(123)],
])('the close code %i and its reason reach the other side, whoever closes', async (code, reason) => {
  const one = await connected();
  const heard = closing(one.peer);
  one.client.close(code, reason);
  expect(await heard).toEqual([code, reason]);
  const other = await connected();
  const told = closing(other.client);
  other.peer.close(code, reason);
  expect(await told).toEqual([code, reason]);
});

test('a side that is cut off shows as 1006 on the other, and the next one is served', async () => {
  const { client, peer } = await connected();
  const heard = closing(peer);
  client.terminate();
  expect((await heard)[0]).toBe(1006);
  const other = await connected();
  const told = closing(other.client);
  other.peer.terminate();
  expect((await told)[0]).toBe(1006);
  await connected();
});

test('subprotocol and extension are agreed upon end to end', async () => {
  const { client, peer } = await connected(true, ['chat', 'superchat']);
  expect(client.protocol).toBe('chat');
  expect(peer.protocol).toBe('chat');
  expect(client.extensions).toContain('permessage-deflate');
});

test('a side that does not read holds the other up, and nothing is lost', async () => {
  const { client, peer } = await connected();
  client.pause();
  const parts = 64;
  const piece = Buffer.alloc(256 * 1_024, 'y');
  for (let count = 0; count < parts; count++) peer.send(piece);
  let received = 0;
  const all = new Promise<void>((resolve) => {
    client.on('message', (data: Buffer) => {
      received += data.length;
      if (received === parts * piece.length) resolve();
    });
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(received).toBe(0);
  expect(peer.bufferedAmount).toBeGreaterThan(0);
  client.resume();
  await within(all, 'all of it', 30_000);
});
