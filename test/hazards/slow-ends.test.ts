/** Hazard: clients and upstreams that are slow, stop, or go away in the middle. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { entryOf, routeOf, startProxy, type TestProxy, targetOf } from '../proxy/in-process.ts';
import {
  ask,
  ok,
  openClient,
  type RawClient,
  reply,
  startBackend,
  until,
  within,
} from '../support/raw-http.ts';
import { H, host } from './cases.ts';
import { routeOfEach } from './one-route.ts';

const { start, ends } = routeOfEach();

const get = `GET / HTTP/1.1\r\n${H}\r\n`;
const post = (fields: string) => `POST / HTTP/1.1\r\n${H}${fields}\r\n`;

describe('a client that goes away', () => {
  test('while the upstream thinks: its request is ended', async () => {
    const [backend, proxy] = await start(() => undefined);
    const client = await openClient(proxy.port);
    client.send(get);
    await until(() => backend.requests.length === 1, 'the request');
    client.close();
    await until(() => backend.sockets.size === 0, 'the upstream is let go');
    expect(backend.closes()).toBe(1);
  });
  test('in the middle of the answer: the upstream is let go', async () => {
    const [backend, proxy] = await start((_, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhi');
    });
    const client = await openClient(proxy.port);
    client.send(get);
    await until(() => client.received().endsWith('hi'), 'the beginning');
    client.socket.resetAndDestroy();
    await until(() => backend.sockets.size === 0, 'the upstream is let go');
  });
  test('in the middle of its body: the upstream never takes it for whole', async () => {
    for (const fields of ['Content-Length: 10\r\n', 'Transfer-Encoding: chunked\r\n']) {
      const [backend, proxy] = await start();
      const client = await openClient(proxy.port);
      client.send(post(fields) + (fields.startsWith('C') ? 'abc' : '3\r\nabc\r\n'));
      await until(() => backend.bytes().includes('abc'), 'the beginning');
      client.close();
      await until(() => backend.sockets.size === 0, 'the upstream is let go');
      expect(backend.requests).toEqual([]);
      expect(backend.bytes()).not.toMatch(/0\r\n\r\n$/);
    }
  });
  test('by closing only its half: as if it were gone', async () => {
    const [backend, proxy] = await start(() => undefined);
    const client = await openClient(proxy.port);
    client.send(get);
    await until(() => backend.requests.length === 1, 'the request');
    client.socket.end();
    await until(() => backend.sockets.size === 0, 'the upstream is let go');
  });
  test('while the connection to the upstream is refused again and again', async () => {
    const gone = await startBackend();
    await gone.close();
    const target = targetOf(gone, 'web', new Date().toISOString());
    const proxy = await startProxy([entryOf(host, [routeOf([target])])]);
    ends.push(proxy.close);
    const client = await openClient(proxy.port);
    client.send(get);
    await until(() => proxy.proxy.counters().retries > 2, 'some tries');
    client.close();
    await until(() => proxy.proxy.open() === 0, 'the end of the exchange');
    const { retries } = proxy.proxy.counters();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(proxy.proxy.counters().retries).toBeLessThanOrEqual(retries + 1);
  });
});

describe('a client that stops', () => {
  test('before its head is whole: 408', async () => {
    const [, proxy] = await start(ok, { limits: { headersTimeout: 200 } });
    const client = await openClient(proxy.port);
    client.send('GET / HTTP/1.1\r\nHost:');
    const answer = await client.answer();
    expect([answer.status, answer.field('connection')]).toEqual([408, 'close']);
    await client.closed();
  });
  test('before its first byte: the connection ends', async () => {
    const [, proxy] = await start(ok, { limits: { headersTimeout: 200 } });
    const client = await openClient(proxy.port);
    await client.closed();
  });
  test('sending a byte of its head now and then: 408 all the same', async () => {
    const [, proxy] = await start(ok, { limits: { headersTimeout: 300 } });
    const client = await openClient(proxy.port);
    client.send('GET / HTTP/1.1\r\n');
    const drip = setInterval(() => client.send('X: y\r\n'), 50);
    const answer = await client.answer().finally(() => clearInterval(drip));
    expect(answer.status).toBe(408);
    client.close();
  });
  test('in the middle of its body: 408, and the upstream is let go', async () => {
    const [backend, proxy] = await start(ok, { limits: { idleTimeout: 200 } });
    const client = await openClient(proxy.port);
    client.send(`${post('Content-Length: 10\r\n')}abc`);
    expect((await client.answer('POST')).status).toBe(408);
    await until(() => backend.sockets.size === 0, 'the upstream is let go');
    client.close();
  });
  test('but not if it only is slow', async () => {
    const [backend, proxy] = await start(ok, { limits: { idleTimeout: 300 } });
    const client = await openClient(proxy.port);
    client.send(post('Content-Length: 10\r\n'));
    for (let count = 0; count < 10; count += 1) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      client.send('x');
    }
    expect((await client.answer('POST')).status).toBe(200);
    expect(backend.requests[0]?.body).toBe('x'.repeat(10));
    client.close();
  });
  test('reading its answer: it is reset in the end, and the upstream let go', async () => {
    const chunk = Buffer.alloc(1 << 20);
    const [backend, proxy] = await start(
      (_, socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n');
        const more = (): void => {
          if (!socket.destroyed) socket.write(chunk, more);
        };
        more();
      },
      { limits: { idleTimeout: 300 } },
    );
    const client = await openClient(proxy.port);
    client.socket.pause();
    client.send(get);
    await until(() => proxy.proxy.counters().bytesOut > 0, 'the beginning');
    await until(() => backend.sockets.size === 0, 'the upstream is let go');
    client.close();
  });
  test('between requests: its connection ends without an answer', async () => {
    const [, proxy] = await start(ok, { limits: { idleTimeout: 200 } });
    const client = await openClient(proxy.port);
    client.send(get);
    await client.answer();
    const before = client.received();
    await client.closed();
    expect(client.received()).toBe(before);
  });
});

describe('a client that takes nothing of what waits for it is reset, whatever that is', () => {
  /** Asks for as long as answers go out, and never reads one. */
  async function askWithoutReading(proxy: TestProxy, request: string): Promise<RawClient> {
    const client = await openClient(proxy.port);
    client.socket.pause();
    let sent = 0;
    for (let still = 0; still < 5; ) {
      const before = answered(proxy);
      // Fewer than may wait on one connection.
      client.send(request.repeat(50 - (sent - before)));
      sent = before + 50;
      await new Promise((resolve) => setTimeout(resolve, 20));
      still = answered(proxy) === before ? still + 1 : 0;
    }
    return client;
  }
  const answered = ({ proxy }: TestProxy): number =>
    Object.values(proxy.counters().answers).reduce((sum, count) => sum + count, 0);

  test('small answers', async () => {
    const [, proxy] = await start(
      (_, socket) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n${'x'.repeat(10_000)}`),
      { limits: { idleTimeout: 1_000 } },
    );
    const client = await askWithoutReading(proxy, get);
    await until(() => proxy.proxy.connections() === 0, 'the connection is given up');
    expect(proxy.proxy.open()).toBe(0);
    client.close();
  });
  test('the proxy’s own answers', async () => {
    const [, proxy] = await start(ok, { limits: { idleTimeout: 1_000 } });
    const unknown = 'GET / HTTP/1.1\r\nHost: nobody.localhost\r\nAccept: text/html\r\n\r\n';
    const client = await askWithoutReading(proxy, unknown);
    await until(() => proxy.proxy.connections() === 0, 'the connection is given up');
    expect(proxy.proxy.open()).toBe(0);
    client.close();
  });
});

describe('a client that reads slowly', () => {
  test('and steadily is never cut, however long it takes, though several chunks come at once', async () => {
    const total = 6 << 20;
    const chunk = Buffer.from(`1000\r\n${'x'.repeat(4_096)}\r\n`);
    const chunks = Buffer.concat(Array.from({ length: total / 4_096 }, () => chunk));
    const [, proxy] = await start(
      (_, socket) => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
        socket.write(chunks);
        socket.write('0\r\n\r\n');
      },
      { limits: { idleTimeout: 400 } },
    );
    const client = await openClient(proxy.port);
    client.send(get);
    let size = 0;
    client.socket.removeAllListeners('data').on('data', (bytes: Buffer) => {
      size += bytes.length;
      client.socket.pause();
      setTimeout(() => client.socket.resume(), 15);
    });
    await until(() => size > total, 'all of it', 20_000);
    client.close();
  });
  test('holds the upstream up instead of filling memory', async () => {
    let written = 0;
    const chunk = Buffer.alloc(1 << 16);
    const total = 256 << 20;
    const [, proxy] = await start((_, socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
      const more = (): void => {
        while (written < total && !socket.destroyed) {
          written += chunk.length;
          if (!socket.write(chunk)) {
            socket.once('drain', more);
            return;
          }
        }
      };
      more();
    });
    const client = await openClient(proxy.port);
    client.socket.pause();
    client.send(get);
    let before = -1;
    // Written until the kernel's buffers and ours are full, then no more.
    while (written !== before) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(written).toBeLessThan(64 << 20);
    client.close();
  });
  test('and an upstream that reads slowly holds the client up', async () => {
    const server = createServer((socket) => socket.pause());
    server.listen(0, '127.0.0.1');
    await within(once(server, 'listening'), 'listen');
    const { port } = server.address() as { port: number };
    const proxy = await startProxy([entryOf(host, [routeOf([targetOf({ port, address: '127.0.0.1' })])])]);
    ends.push(proxy.close, async () => void server.close());
    const client = await openClient(proxy.port);
    client.send(post(`Content-Length: ${1 << 30}\r\n`));
    const chunk = Buffer.alloc(1 << 16);
    let sent = 0;
    const more = (): void => {
      while (!client.socket.destroyed && sent < 1 << 30) {
        sent += chunk.length;
        if (!client.socket.write(chunk)) {
          client.socket.once('drain', more);
          return;
        }
      }
    };
    more();
    let before = -1;
    while (sent !== before) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(sent).toBeLessThan(64 << 20);
    client.close();
  });
});

describe('an upstream that is slow', () => {
  test('to answer: 504, and its connection is given up', async () => {
    const [backend, proxy] = await start(() => undefined, { limits: { firstByteTimeout: 1_000 } });
    const answer = await ask(proxy.port, get);
    expect(answer.status).toBe(504);
    await until(() => backend.sockets.size === 0, 'the connection is given up');
    expect(backend.requests).toHaveLength(1);
  });
  for (const [name, begun] of [
    ['to end the head of its answer', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['to answer after a 103', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'],
    ['to answer after a 100', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ] as const) {
    test(`${name}: 504, and its connection is given up`, async () => {
      const [backend, proxy] = await start(reply(begun), { limits: { firstByteTimeout: 200 } });
      const client = await openClient(proxy.port);
      client.send(get);
      expect((await client.answer()).status).toBe(504);
      await until(() => backend.sockets.size === 0, 'the upstream connection is given up');
      client.close();
    });
  }
  test('to take a body, but does take it: the upload is not cut, however long it takes', async () => {
    const total = 24 << 20;
    let taken = 0;
    const server = createServer((socket) => {
      socket.on('data', (chunk: Buffer) => {
        taken += chunk.length;
        socket.pause();
        setTimeout(() => socket.resume(), 8);
        if (taken > total && !socket.destroyed)
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
      socket.on('error', () => socket.destroy());
    });
    server.listen(0, '127.0.0.1');
    await within(once(server, 'listening'), 'listen');
    const { port } = server.address() as { port: number };
    const proxy = await startProxy([entryOf(host, [routeOf([targetOf({ port, address: '127.0.0.1' })])])], {
      limits: { firstByteTimeout: 1_500 },
    });
    ends.push(async () => void server.close(), proxy.close);
    const client = await openClient(proxy.port);
    client.send(post(`Content-Length: ${total}\r\n`));
    client.send(Buffer.alloc(total));
    await until(() => taken > total, 'all of it', 30_000);
    expect((await client.answer('POST')).status).toBe(200);
    client.close();
  });
  test('after its head: no idle timer cuts a stream of events', async () => {
    let socket: Socket | null = null;
    const [, proxy] = await start(
      (_, one) => {
        socket = one;
        one.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n');
      },
      { limits: { idleTimeout: 100, firstByteTimeout: 200, headersTimeout: 100 } },
    );
    const client = await openClient(proxy.port);
    client.send(get);
    await until(() => client.received().includes('text/event-stream'), 'the head, before any event');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    socket!.write('data: 1\n\n');
    await until(() => client.received().includes('data: 1\n\n'), 'the event, at once');
    socket!.write('data: 2\n\n');
    await until(() => client.received().includes('data: 2\n\n'), 'the next event, at once');
    client.close();
  });
  test('that answers before the request is whole: the answer comes, the rest is thrown away', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno'));
    });
    server.listen(0, '127.0.0.1');
    await within(once(server, 'listening'), 'listen');
    const { port } = server.address() as { port: number };
    const proxy = await startProxy([entryOf(host, [routeOf([targetOf({ port, address: '127.0.0.1' })])])]);
    ends.push(proxy.close, async () => void server.close());
    const client = await openClient(proxy.port);
    client.send(`${post('Content-Length: 1000000\r\n')}${'x'.repeat(1_000)}`);
    const answer = await client.answer('POST');
    expect([answer.status, answer.body]).toEqual([413, 'no']);
    client.send('x'.repeat(999_000));
    client.close();
  });
});

describe('one connection too many', () => {
  test('is refused, and one that ends makes room', async () => {
    const [, proxy] = await start(ok, { limits: { connections: 2 } });
    const first = await openClient(proxy.port);
    const second = await openClient(proxy.port);
    await until(() => proxy.proxy.connections() === 2, 'two connections');
    const third = await openClient(proxy.port);
    await third.closed();
    first.close();
    await until(() => proxy.proxy.connections() === 1, 'room');
    expect((await ask(proxy.port, get)).status).toBe(200);
    second.close();
  });
  test('of one client is refused', async () => {
    const [, proxy] = await start(ok, { limits: { connectionsPerClient: 1 } });
    const first = await openClient(proxy.port);
    await until(() => proxy.proxy.connections() === 1, 'one connection');
    const second = await openClient(proxy.port);
    await second.closed();
    first.send(get);
    expect((await first.answer()).status).toBe(200);
    first.close();
  });
  test('bodies over the limit are 413, by length and by count', async () => {
    const [backend, proxy] = await start(ok, { limits: { bodyBytes: 5 } });
    expect((await ask(proxy.port, `${post('Content-Length: 6\r\n')}abcdef`)).status).toBe(413);
    expect(
      (await ask(proxy.port, `${post('Transfer-Encoding: chunked\r\n')}6\r\nabcdef\r\n0\r\n\r\n`)).status,
    ).toBe(413);
    expect(backend.requests).toEqual([]);
    expect((await ask(proxy.port, `${post('Content-Length: 5\r\n')}abcde`)).status).toBe(200);
  });
});
