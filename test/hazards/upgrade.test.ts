/** Hazard: upgrades, where a connection stops being HTTP: crossed wires, leaks, and errors that end the process. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { entryOf, routeOf, startProxy, type TestProxy, targetOf } from '../proxy/in-process.ts';
import {
  ask,
  ok,
  openClient,
  type RawBackend,
  reply,
  startBackend,
  until,
  within,
} from '../support/raw-http.ts';
import { H, host } from './cases.ts';

const upgrade = (fields = '', path = '/ws') =>
  `GET ${path} HTTP/1.1\r\n${H}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${fields}\r\n`;
const switched = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

let backend: RawBackend;
let proxy: TestProxy;
beforeAll(async () => {
  backend = await startBackend();
  proxy = await startProxy([entryOf(host, [routeOf([targetOf(backend)])])], {
    limits: { firstByteTimeout: 1_000 },
  });
});
afterAll(async () => {
  await proxy.close();
  await backend.close();
});
beforeEach(() => backend.clear());
/** Whatever happened, the process serves on. */
afterEach(async () => {
  backend.script = ok;
  expect((await ask(proxy.port, `GET / HTTP/1.1\r\n${H}\r\n`)).status).toBe(200);
  for (const socket of backend.sockets) socket.destroy();
  await until(() => backend.sockets.size === 0, 'all connections are closed');
});

describe('what is an upgrade', () => {
  const plain: Readonly<Record<string, string>> = {
    'POST with Upgrade: websocket': `POST / HTTP/1.1\r\n${H}Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\nabc`,
    h2c: `GET / HTTP/1.1\r\n${H}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`,
    'websocket among others': `GET / HTTP/1.1\r\n${H}Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n\r\n`,
    'websocket without Connection: Upgrade': `GET / HTTP/1.1\r\n${H}Upgrade: websocket\r\n\r\n`,
    'websocket in HTTP/1.0': `GET / HTTP/1.0\r\n${H}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    'a GET with a body': `GET / HTTP/1.1\r\n${H}Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\nabc`,
    'a GET with chunks': `GET / HTTP/1.1\r\n${H}Connection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  };
  for (const [name, send] of Object.entries(plain)) {
    test(`${name} is none: it is served as plain HTTP, without the fields`, async () => {
      expect((await ask(proxy.port, send)).status).toBe(200);
      expect(backend.requests).toHaveLength(1);
      expect(backend.requests[0]?.all('upgrade')).toEqual([]);
      expect(backend.requests[0]?.all('http2-settings')).toEqual([]);
    });
  }

  const refused: Readonly<Record<string, readonly [send: string, status: number]>> = {
    'for a host that nobody has': [upgrade().replace(host, 'nobody.example'), 404],
    'with two Hosts': [upgrade(H), 400],
    'without Host': [upgrade().replace(H, ''), 400],
    'with 200 fields': [upgrade('X-A: b\r\n'.repeat(200)), 431],
    'with an unfinished IPv6 literal as target': [upgrade('', 'http://['), 400],
    'with another host in the target': [upgrade('', 'http://other.example/'), 400],
    'with * as target': [upgrade('', '*'), 400],
  };
  for (const [name, [send, status]] of Object.entries(refused)) {
    test(`${name}: ${status}, and the connection ends`, async () => {
      const client = await openClient(proxy.port);
      client.send(send);
      expect((await client.answer()).status).toBe(status);
      await client.closed();
      expect(backend.requests).toEqual([]);
    });
  }

  test('the upstream gets it with the forwarding fields, Host, and nothing of one hop but the upgrade', async () => {
    backend.script = reply(switched);
    const client = await openClient(proxy.port);
    client.send(
      upgrade(
        'Connection: X-A\r\nX-A: 1\r\nX-Forwarded-For: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\nKeep-Alive: x\r\nCookie: a\r\nExpect: x-y\r\n',
        '//a/%2e%2e/b?c=//d&e=[',
      ).replace('Expect: x-y\r\n', ''),
    );
    expect((await client.answer()).status).toBe(101);
    const [request] = backend.requests;
    expect(request?.line).toBe('GET //a/%2e%2e/b?c=//d&e=[ HTTP/1.1');
    const values = (name: string) => request?.all(name);
    expect(values('host')).toEqual([host]);
    expect(values('connection')).toEqual(['Upgrade']);
    expect(values('upgrade')).toEqual(['websocket']);
    expect(values('x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(values('x-portolan-hop')).toEqual(['test-proxy']);
    expect(values('sec-websocket-key')).toEqual(['dGhlIHNhbXBsZSBub25jZQ==']);
    expect(values('cookie')).toEqual(['a']);
    for (const gone of ['x-a', 'x_forwarded_for', 'keep-alive']) expect(values(gone), gone).toEqual([]);
    client.close();
  });

  test('an Expect on it does not go on', async () => {
    backend.script = reply(switched);
    const client = await openClient(proxy.port);
    client.send(upgrade('Expect: 100-continue\r\n'));
    expect((await client.answer()).status).toBe(101);
    expect(backend.requests[0]?.all('expect')).toEqual([]);
    client.close();
  });
});

describe('an upstream that answers otherwise', () => {
  const passed: Readonly<Record<string, readonly [bytes: string, status: number, body: string]>> = {
    'a refusal': ['HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno', 403, 'no'],
    'a refusal in chunks': [
      'HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n',
      403,
      'no',
    ],
    'a page': ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi', 200, 'hi'],
    'a redirect': ['HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n', 302, ''],
    'a reason that Node refuses to write': ['HTTP/1.1 403 \x01\r\nContent-Length: 2\r\n\r\nno', 403, 'no'],
    'several cookies': [
      'HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 2\r\n\r\nhi',
      200,
      'hi',
    ],
  };
  for (const [name, [bytes, status, body]] of Object.entries(passed)) {
    test(`${name} is passed on, and the connection ends`, async () => {
      backend.script = reply(bytes);
      const client = await openClient(proxy.port);
      client.send(upgrade());
      const answer = await client.answer();
      await client.closed();
      expect([answer.status, answer.body, answer.field('connection')]).toEqual([status, body, 'close']);
      await until(() => backend.sockets.size === 0, 'the upstream is let go');
    });
  }

  const failed: Readonly<Record<string, string>> = {
    'no HTTP': 'hello\r\n\r\n',
    'an end': '',
    'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nhi',
    'status 099': 'HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n',
    '101 to another protocol':
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
    '101 to no protocol': 'HTTP/1.1 101 Switching Protocols\r\n\r\n',
  };
  for (const [name, bytes] of Object.entries(failed)) {
    test(`${name} is 502, and nothing else gets through`, async () => {
      backend.script = reply(bytes, true);
      const client = await openClient(proxy.port);
      client.send(upgrade());
      expect((await client.answer()).status).toBe(502);
      await client.closed();
      expect(client.received()).not.toContain('101');
      await until(() => backend.sockets.size === 0, 'the upstream is let go');
    });
  }
  test('a part of an answer is a reset, not an end', async () => {
    backend.script = reply('HTTP/1.1 403 Forbidden\r\nContent-Length: 10\r\n\r\nno', true);
    const client = await openClient(proxy.port);
    client.send(upgrade());
    expect(await client.closed()).toBe('reset');
  });
  test('a reset is 502', async () => {
    backend.script = (_, socket) => socket.resetAndDestroy();
    const client = await openClient(proxy.port);
    client.send(upgrade());
    expect((await client.answer()).status).toBe(502);
  });
  test('nothing is 504', async () => {
    backend.script = () => undefined;
    const client = await openClient(proxy.port);
    client.send(upgrade());
    expect((await client.answer()).status).toBe(504);
    await until(() => backend.sockets.size === 0, 'the upstream is let go');
  });
  test('a closed port is 502', async () => {
    const closed = await startBackend();
    await closed.close();
    const other = await startProxy([entryOf(host, [routeOf([targetOf(closed)])])]);
    const client = await openClient(other.port);
    client.send(upgrade());
    expect((await client.answer()).status).toBe(502);
    await other.close();
  });
  test('a closed port and an open one: the open one gets it', async () => {
    const closed = await startBackend();
    await closed.close();
    const targets = [targetOf(closed, 'a'), targetOf(backend, 'b')];
    const other = await startProxy([entryOf(host, [routeOf(targets)])]);
    backend.script = reply(switched);
    for (let count = 0; count < 2; count += 1) {
      const client = await openClient(other.port);
      client.send(upgrade());
      expect((await client.answer()).status).toBe(101);
      client.close();
    }
    await other.close();
  });
});

describe('a tunnel', () => {
  const open = async () => {
    const pair = Promise.withResolvers<Socket>();
    backend.script = (_, socket) => {
      socket.removeAllListeners('data').removeAllListeners('end');
      socket.write(switched);
      pair.resolve(socket);
    };
    const client = await openClient(proxy.port);
    client.send(upgrade());
    expect((await client.answer()).status).toBe(101);
    return { client, upstream: await within(pair.promise, 'the upstream') };
  };
  const gather = (socket: Socket) => {
    const all: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => all.push(chunk));
    return () => Buffer.concat(all).toString('latin1');
  };

  test('carries bytes that follow the head at once, both ways', async () => {
    let seen = () => '';
    backend.script = (_, socket) => {
      socket.removeAllListeners('data');
      seen = gather(socket);
      socket.write(`${switched}from upstream`);
    };
    const client = await openClient(proxy.port);
    client.send(`${upgrade()}from client`);
    await until(() => client.received().endsWith('from upstream'), 'to the client');
    // The lenient backend took the rest for the beginning of a next request, or its own handler got it.
    await until(() => `${seen()}${backend.bytes()}`.includes('from client'), 'to the upstream');
    client.close();
  });
  test('goes on in one direction after the client closed its half', async () => {
    const { client, upstream } = await open();
    const seen = gather(upstream);
    client.socket.end('last words');
    await within(once(upstream, 'end'), 'the end of the client’s half');
    expect(seen()).toBe('last words');
    upstream.end('and yours');
    await client.closed();
    expect(client.received().endsWith('and yours')).toBe(true);
  });
  test('goes on in one direction after the upstream closed its half', async () => {
    const { client, upstream } = await open();
    const seen = gather(upstream);
    upstream.end('last words');
    await client.closed();
    expect(client.received().endsWith('last words')).toBe(true);
    client.socket.end('and yours');
    await until(() => seen() === 'and yours', 'the client’s last words');
  });
  test('ends at the upstream when the client is reset, and the other way round', async () => {
    const one = await open();
    const gone = once(one.upstream, 'end');
    one.upstream.resume();
    one.client.socket.resetAndDestroy();
    await within(gone, 'the upstream’s end');
    one.upstream.destroy();
    const other = await open();
    other.upstream.resetAndDestroy();
    expect(await other.client.closed()).toBe('reset');
  });
  test('survives resets of both sides in any order and at any moment', async () => {
    for (let count = 0; count < 20; count += 1) {
      const { client, upstream } = await open();
      upstream.write('x'.repeat(100_000));
      client.send('y'.repeat(100_000));
      if (count % 2 === 0) upstream.resetAndDestroy();
      client.socket.resetAndDestroy();
      upstream.destroy();
    }
    await until(() => proxy.proxy.open() === 0, 'all tunnels end');
  });
  test('is let go when the client leaves before the upstream answered', async () => {
    backend.script = () => undefined;
    const client = await openClient(proxy.port);
    client.send(upgrade());
    await until(() => backend.requests.length === 1, 'the request');
    client.socket.resetAndDestroy();
    await until(() => backend.sockets.size === 0, 'the upstream is let go');
  });
  test('does not fill memory for a client that does not read', async () => {
    const { client, upstream } = await open();
    client.socket.pause();
    const chunk = Buffer.alloc(1 << 16);
    let written = 0;
    const more = (): void => {
      while (written < 256 << 20 && !upstream.destroyed) {
        written += chunk.length;
        if (!upstream.write(chunk)) {
          upstream.once('drain', more);
          return;
        }
      }
    };
    more();
    let before = -1;
    while (written !== before) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(written).toBeLessThan(64 << 20);
    client.close();
  });
});

describe('WebSocket, end to end', () => {
  const server = createServer();
  const sockets = new WebSocketServer({ server, maxPayload: 64 << 20 });
  let through: TestProxy;
  let requests: IncomingMessage[] = [];
  beforeAll(async () => {
    sockets.on('connection', (socket, request) => {
      requests.push(request);
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    server.listen(0, '127.0.0.1');
    await within(once(server, 'listening'), 'listen');
    const { port } = server.address() as AddressInfo;
    through = await startProxy([entryOf(host, [routeOf([targetOf({ port, address: '127.0.0.1' })])])]);
  });
  afterAll(async () => {
    await through.close();
    sockets.close();
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    requests = [];
  });
  const connect = async (): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://127.0.0.1:${through.port}/chat?a=b`, ['one', 'two'], {
      headers: { Host: host },
      maxPayload: 64 << 20,
    });
    await within(once(socket, 'open'), 'open');
    return socket;
  };
  const echo = async (socket: WebSocket, data: string | Buffer): Promise<Buffer> => {
    const back = once(socket, 'message');
    socket.send(data);
    return (await within(back, 'the echo', 15_000))[0] as Buffer;
  };

  test('text and binary come back as they were', async () => {
    const socket = await connect();
    expect(String(await echo(socket, 'grüße 👋'))).toBe('grüße 👋');
    const bytes = Buffer.from([0, 1, 2, 255, 254]);
    expect(await echo(socket, bytes)).toEqual(bytes);
    expect(requests[0]?.url).toBe('/chat?a=b');
    expect(requests[0]?.headers.host).toBe(host);
    socket.close();
  });
  for (const size of [0, 1, 125, 126, 65_535, 65_536, 16 << 20]) {
    test(`a message of ${size} bytes`, async () => {
      const socket = await connect();
      const data = Buffer.alloc(size, 'x');
      expect((await echo(socket, data)).equals(data)).toBe(true);
      socket.close();
    });
  }
  test('a message in fragments, with a ping between', async () => {
    const socket = await connect();
    const back = once(socket, 'message');
    const pong = once(socket, 'pong');
    socket.send('a', { fin: false });
    socket.ping('p');
    socket.send('b', { fin: false });
    socket.send('c', { fin: true });
    expect(String((await within(back, 'the echo'))[0])).toBe('abc');
    expect(String((await within(pong, 'the pong'))[0])).toBe('p');
    socket.close();
  });
  test('a close with code and reason reaches the other side, from either', async () => {
    const socket = await connect();
    const server = [...sockets.clients].at(-1)!;
    const closed = once(server, 'close');
    socket.close(4_001, 'bye');
    expect((await within(closed, 'close'))[0]).toBe(4_001);
    const other = await connect();
    const gone = once(other, 'close');
    [...sockets.clients].at(-1)!.close(4_002, 'go');
    const [code, reason] = (await within(gone, 'close')) as [number, Buffer];
    expect([code, String(reason)]).toEqual([4_002, 'go']);
  });
  test('a server that is killed is an abnormal close', async () => {
    const socket = await connect();
    const gone = once(socket, 'close');
    [...sockets.clients].at(-1)!.terminate();
    expect((await within(gone, 'close'))[0]).toBe(1_006);
  });
  test('a hundred at once keep apart', async () => {
    const many = await Promise.all(Array.from({ length: 100 }, connect));
    const echoes = await Promise.all(many.map((socket, index) => echo(socket, `message ${index}`)));
    expect(echoes.map(String)).toEqual(many.map((_, index) => `message ${index}`));
    for (const socket of many) socket.terminate();
    await until(() => through.proxy.open() === 0, 'all tunnels end');
  });
});
