/** Forwarding through one worker's server: bodies both ways, balancing, retries, start grace, trust, drain. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Position } from '../../src/events/ids.ts';
import {
  ask,
  ok,
  openClient,
  type RawBackend,
  type Script,
  startBackend,
  until,
  within,
} from '../support/raw-http.ts';
import {
  entryOf,
  routeOf,
  startProxy,
  type TestProxy,
  type TestProxyOptions,
  targetOf,
} from './in-process.ts';

const host = 'web.docker.localhost';
const get = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const backendOf = async (script: Script = ok, port = 0): Promise<RawBackend> => {
  const backend = await startBackend(script, '127.0.0.1', port);
  ends.push(backend.close);
  return backend;
};
const proxyTo = async (
  targets: Parameters<typeof routeOf>[0],
  options: TestProxyOptions = {},
): Promise<TestProxy> => {
  const proxy = await startProxy([entryOf(host, [routeOf(targets)])], options);
  ends.push(proxy.close);
  return proxy;
};
const named =
  (name: string): Script =>
  (_, socket) =>
    void socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`);

describe('bodies', () => {
  test('of megabytes arrive as they were, both ways, with length and in chunks', async () => {
    const server = createServer((req, res) => {
      const length = req.headers['content-length'];
      if (length !== undefined) res.setHeader('content-length', length);
      req.pipe(res);
    });
    server.listen(0, '127.0.0.1');
    await within(once(server, 'listening'), 'listen');
    ends.push(async () => void server.close());
    const { port } = server.address() as AddressInfo;
    const proxy = await proxyTo([targetOf({ port, address: '127.0.0.1' })]);
    const body = randomBytes(8 << 20);
    for (const fields of [{ 'content-length': body.length }, { 'transfer-encoding': 'chunked' }]) {
      const hash = createHash('sha256');
      const sent = request({ port: proxy.port, method: 'POST', headers: { host, ...fields } });
      sent.end(body);
      const [response] = (await within(once(sent, 'response'), 'the answer')) as [
        import('node:http').IncomingMessage,
      ];
      for await (const chunk of response) hash.update(chunk);
      expect(hash.digest('hex')).toBe(createHash('sha256').update(body).digest('hex'));
    }
    server.closeAllConnections();
  });
  test('of an answer come byte by byte as the upstream sends them', async () => {
    let socket: Socket | null = null;
    const backend = await backendOf((_, one) => {
      socket = one;
      one.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n');
    });
    const proxy = await proxyTo([targetOf(backend)]);
    const client = await openClient(proxy.port);
    client.send(get);
    await until(() => client.received().includes('\r\n\r\n'), 'the head');
    for (const [index, byte] of [...'abcd'].entries()) {
      socket!.write(byte);
      await until(() => client.received().endsWith('abcd'.slice(0, index + 1)), `byte ${index}`);
    }
    client.close();
  });
});

describe('targets', () => {
  test('take turns', async () => {
    const backends = await Promise.all(['a', 'b', 'c'].map((name) => backendOf(named(name))));
    const proxy = await proxyTo(backends.map((backend, index) => targetOf(backend, `web${index}`)));
    const seen: string[] = [];
    for (let count = 0; count < 9; count += 1) seen.push((await ask(proxy.port, get)).body);
    expect(seen.join('')).toMatch(/^(abc){3}$|^(bca){3}$|^(cab){3}$/);
  });
  test('that refuse the connection are passed over, for any method', async () => {
    const closed = await startBackend();
    await closed.close();
    const backend = await backendOf();
    const proxy = await proxyTo([targetOf(closed, 'a'), targetOf(backend, 'b')]);
    for (let count = 0; count < 4; count += 1) {
      const send = `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 3\r\n\r\nabc`;
      expect((await ask(proxy.port, send)).status).toBe(200);
    }
    expect(backend.requests.map(({ body }) => body)).toEqual(['abc', 'abc', 'abc', 'abc']);
    expect(proxy.proxy.counters().retries).toBeGreaterThan(0);
  });
  test('that all refuse are 502', async () => {
    const closed = await startBackend();
    await closed.close();
    const proxy = await proxyTo([targetOf(closed)]);
    const answer = await ask(proxy.port, get);
    expect(answer.status).toBe(502);
  });
  test('that have just started are waited for, body and all', async () => {
    const early = await startBackend();
    const { port } = early;
    await early.close();
    const proxy = await proxyTo([targetOf(early, 'web', new Date().toISOString())]);
    const answers = Promise.all([
      ask(proxy.port, get),
      ask(proxy.port, `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 3\r\n\r\nabc`),
      ask(
        proxy.port,
        `POST / HTTP/1.1\r\nHost: ${host}\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc`,
      ),
    ]);
    await until(() => proxy.proxy.counters().retries > 3, 'some tries');
    const backend = await backendOf(ok, port);
    expect((await answers).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(backend.requests.map(({ body }) => body).sort()).toEqual(['', 'abc', 'abc']);
  });
  test('that have just started are waited for by upgrades, too', async () => {
    const early = await startBackend();
    const { port } = early;
    await early.close();
    const proxy = await proxyTo([targetOf(early, 'web', new Date().toISOString())]);
    const client = await openClient(proxy.port);
    client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    await until(() => proxy.proxy.counters().retries > 3, 'some tries');
    await backendOf((_, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    }, port);
    expect((await client.answer()).status).toBe(101);
    client.close();
  });
  test('that have just started are waited for only so long', async () => {
    const closed = await startBackend();
    await closed.close();
    const target = targetOf(closed, 'web', new Date().toISOString());
    const proxy = await proxyTo([target], { limits: { startGrace: 300 } });
    expect((await ask(proxy.port, get)).status).toBe(502);
    expect(proxy.proxy.counters().retries).toBeGreaterThan(2);
  });
  test('whose start lies in the future by the engine’s clock are waited for only so long', async () => {
    const closed = await startBackend();
    await closed.close();
    const target = targetOf(closed, 'web', '2999-01-01T00:00:00Z');
    const proxy = await proxyTo([target], { limits: { startGrace: 300 } });
    expect((await ask(proxy.port, get)).status).toBe(502);
  });
  test('that leave while they are waited for are 503, with the route’s sentence', async () => {
    const closed = await startBackend();
    await closed.close();
    const proxy = await proxyTo([targetOf(closed, 'web', new Date().toISOString())]);
    const answer = ask(proxy.port, get);
    await until(() => proxy.proxy.counters().retries > 1, 'some tries');
    const down = entryOf(host, [routeOf([], '/', 'web stopped.')], 'web stopped.');
    proxy.proxy.apply({ position: 2 as Position, hosts: [down] });
    expect(await answer).toMatchObject({ status: 503, body: expect.stringContaining('web stopped.') });
  });
  test('at an IPv6 address are reached', async () => {
    const backend = await startBackend(ok, '::1');
    ends.push(backend.close);
    const proxy = await proxyTo([targetOf(backend)]);
    expect((await ask(proxy.port, get)).status).toBe(200);
  });
});

describe('trust', () => {
  test('holding: requests wait, and go on once the table is vouched for', async () => {
    const backend = await backendOf();
    const proxy = await proxyTo([targetOf(backend)], { trust: 'holding', limits: { holdTimeout: 5_000 } });
    const answers = [ask(proxy.port, get), ask(proxy.port, get)];
    await until(() => proxy.proxy.open() === 2, 'both are held');
    expect(backend.requests).toEqual([]);
    proxy.proxy.setTrust('confirmed');
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200]);
  });
  test('holding: a target that came with the first list serves those that waited', async () => {
    const backend = await backendOf();
    const proxy = await proxyTo([], { trust: 'holding', limits: { holdTimeout: 5_000 } });
    const answer = ask(proxy.port, get);
    await until(() => proxy.proxy.open() === 1, 'it is held');
    proxy.proxy.apply({ position: 2 as Position, hosts: [entryOf(host, [routeOf([targetOf(backend)])])] });
    proxy.proxy.setTrust('confirmed');
    expect((await answer).status).toBe(200);
  });
  test('holding: too long is 503 with Retry-After', async () => {
    const backend = await backendOf();
    const proxy = await proxyTo([targetOf(backend)], { trust: 'holding', limits: { holdTimeout: 100 } });
    const answer = await ask(proxy.port, get);
    expect([answer.status, answer.field('retry-after')]).toEqual([503, '1']);
    expect(backend.requests).toEqual([]);
  });
  test('holding: an upgrade waits, too', async () => {
    const backend = await backendOf((_, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    });
    const proxy = await proxyTo([targetOf(backend)], { trust: 'holding', limits: { holdTimeout: 5_000 } });
    const client = await openClient(proxy.port);
    client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    await until(() => proxy.proxy.counters().upgrades === 1, 'it is held');
    proxy.proxy.setTrust('unconfirmed');
    expect((await client.answer()).status).toBe(101);
    client.close();
  });
  test('distrusted: 503, and no address is asked, until confirmed', async () => {
    const backend = await backendOf();
    const proxy = await proxyTo([targetOf(backend)], { trust: 'distrusted' });
    expect((await ask(proxy.port, get)).status).toBe(503);
    expect(backend.connections()).toBe(0);
    proxy.proxy.setTrust('confirmed');
    expect((await ask(proxy.port, get)).status).toBe(200);
  });
  test('unconfirmed: served', async () => {
    const backend = await backendOf();
    const proxy = await proxyTo([targetOf(backend)], { trust: 'unconfirmed' });
    expect((await ask(proxy.port, get)).status).toBe(200);
  });
});

describe('a target that leaves', () => {
  const replaceBy = (proxy: TestProxy, backend: RawBackend | null, position = 2) =>
    proxy.proxy.apply({
      position: position as Position,
      hosts: [
        entryOf(
          host,
          [routeOf(backend === null ? [] : [targetOf(backend, 'new')], '/', 'web stopped.')],
          'web stopped.',
        ),
      ],
    });
  const slow = () => {
    const finish: (() => void)[] = [];
    const script: Script = (_, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab');
      finish.push(() => void socket.write('cd'));
    };
    return { script, finish };
  };

  test('gets no new request at once, and finishes those it has', async () => {
    const { script, finish } = slow();
    const old = await backendOf(script);
    const fresh = await backendOf(named('new'));
    const proxy = await proxyTo([targetOf(old, 'old')], { drain: 5_000 });
    const client = await openClient(proxy.port);
    client.send(get);
    await until(() => client.received().endsWith('ab'), 'half of the answer');
    replaceBy(proxy, fresh);
    expect((await ask(proxy.port, get)).body).toBe('new');
    finish[0]!();
    expect((await client.answer()).body).toBe('abcd');
    await until(() => old.sockets.size === 0, 'its connection is not kept');
    client.close();
  });
  test('is cut off when its grace is over, tunnels included', async () => {
    const { script } = slow();
    const old = await backendOf((one, socket, self) => {
      if (one.field('upgrade') === null) script(one, socket, self);
      else
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    });
    const proxy = await proxyTo([targetOf(old, 'old')], { drain: 300 });
    const client = await openClient(proxy.port);
    client.send(get);
    const tunnel = await openClient(proxy.port);
    tunnel.send(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    expect((await tunnel.answer()).status).toBe(101);
    await until(() => client.received().endsWith('ab'), 'half of the answer');
    replaceBy(proxy, null);
    expect((await ask(proxy.port, get)).status).toBe(503);
    expect(tunnel.socket.destroyed).toBe(false);
    expect(await client.closed()).toBe('reset');
    await tunnel.closed();
    await until(() => old.sockets.size === 0, 'nothing is left');
  });
  test('and comes back in time (paused, unpaused) is not cut off', async () => {
    const { script, finish } = slow();
    const old = await backendOf(script);
    const proxy = await proxyTo([targetOf(old, 'old')], { drain: 200 });
    const client = await openClient(proxy.port);
    client.send(get);
    await until(() => client.received().endsWith('ab'), 'half of the answer');
    replaceBy(proxy, null);
    proxy.proxy.apply({ position: 3 as Position, hosts: [entryOf(host, [routeOf([targetOf(old, 'old')])])] });
    await new Promise((resolve) => setTimeout(resolve, 500));
    finish[0]!();
    expect((await client.answer()).body).toBe('abcd');
    client.close();
  });
  test('of one host but not of another stays what it is', async () => {
    const backend = await backendOf();
    const other = entryOf('other.docker.localhost', [routeOf([targetOf(backend)])]);
    const proxy = await startProxy([entryOf(host, [routeOf([targetOf(backend)])]), other]);
    ends.push(proxy.close);
    await ask(proxy.port, get);
    replaceBy(proxy, null);
    expect((await ask(proxy.port, get.replace(host, 'other.docker.localhost'))).status).toBe(200);
    expect(backend.connections()).toBe(1);
  });
  test('under load, while another stays: no request fails', async () => {
    const slowly: Script = (_, socket) =>
      void setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'), 2);
    const one = await backendOf(slowly);
    const two = await backendOf(slowly);
    const both = [targetOf(one, 'one'), targetOf(two, 'two')];
    const proxy = await proxyTo(both, { drain: 5_000 });
    let stop = false;
    const statuses = new Map<number, number>();
    const clients = Array.from({ length: 8 }, async () => {
      const client = await openClient(proxy.port);
      while (!stop) {
        client.send(get);
        const { status } = await client.answer();
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
      client.close();
    });
    for (let round = 0; round < 10; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 40));
      const targets = round % 2 === 0 ? both.slice(0, 1) : both;
      proxy.proxy.apply({ position: (round + 2) as Position, hosts: [entryOf(host, [routeOf(targets)])] });
    }
    stop = true;
    await within(Promise.all(clients), 'the clients');
    expect([...statuses.keys()]).toEqual([200]);
  });
});
