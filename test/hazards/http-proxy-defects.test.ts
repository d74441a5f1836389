/** Hazards that were seen in http-proxy, whatever carries the request here: each ended the process, hung, or leaked. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { entryOf, routeOf, startProxy, targetOf } from '../proxy/in-process.ts';
import { ask, ok, openClient, reply, startBackend, until } from '../support/raw-http.ts';
import { H, host } from './cases.ts';
import { oneRoute } from './one-route.ts';

const { backend, proxy } = await oneRoute();
beforeEach(() => backend.clear());
/** Whatever happened, the process serves on, and nothing is left behind. */
afterEach(async () => {
  backend.script = ok;
  expect((await ask(proxy.port, get)).status).toBe(200);
  await until(() => proxy.proxy.open() === 0, 'nothing is under way');
});

const get = `GET / HTTP/1.1\r\n${H}\r\n`;
const upgrade = `GET /ws HTTP/1.1\r\n${H}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;

describe('http-proxy’s defects', () => {
  test('a client’s abort reaches the upstream', async () => {
    backend.script = () => undefined;
    const client = await openClient(proxy.port);
    client.send(get);
    await until(() => backend.requests.length === 1, 'the request');
    client.close();
    await until(() => backend.sockets.size === 0, 'the upstream is let go');
  });
  test('an upstream that ends in the middle of a body does not leave the client hanging', async () => {
    backend.script = reply('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhi', true);
    const client = await openClient(proxy.port);
    client.send(get);
    expect(await client.closed()).toBe('reset');
  });
  for (const method of ['DELETE', 'OPTIONS']) {
    test(`${method} with chunks over a kept connection smuggles nothing (CVE-2026-29057)`, async () => {
      await ask(proxy.port, get);
      const hidden = `GET /smuggled HTTP/1.1\r\n${H}\r\n`;
      await ask(
        proxy.port,
        `${method} / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
      );
      expect(backend.requests.map(({ line, body }) => [line, body])).toEqual([
        ['GET / HTTP/1.1', ''],
        [`${method} / HTTP/1.1`, hidden],
      ]);
    });
  }
  test('GET http://[ does not end the process', async () => {
    expect((await ask(proxy.port, `GET http://[ HTTP/1.1\r\n${H}\r\n`)).status).toBe(400);
  });
  for (const status of ['099', '000', '600', '999']) {
    test(`an upstream’s status ${status} does not end the process`, async () => {
      backend.script = reply(`HTTP/1.1 ${status} Odd\r\nContent-Length: 0\r\n\r\n`, true);
      expect((await ask(proxy.port, get)).status).toBe(Number(status) < 100 ? 502 : Number(status));
    });
  }
  for (const code of [0, 1, 8, 11, 27, 127]) {
    test(`control character ${code} in a reason phrase does not end the process`, async () => {
      backend.script = reply(
        `HTTP/1.1 200 O${String.fromCharCode(code)}K\r\nContent-Length: 0\r\n\r\n`,
        true,
      );
      expect([200, 502]).toContain((await ask(proxy.port, get)).status);
    });
  }
  test('bytes past the length do not end the process', async () => {
    backend.script = reply('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi and much more');
    expect((await ask(proxy.port, get)).body).toBe('hi');
  });
  test('// in a path stays //', async () => {
    await ask(proxy.port, `GET //a//b HTTP/1.1\r\n${H}\r\n`);
    expect(backend.requests[0]?.line).toBe('GET //a//b HTTP/1.1');
  });
  test('// in the path of an upgrade stays //', async () => {
    backend.script = reply('HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n');
    await ask(proxy.port, upgrade.replace('/ws', '//a//b?c=//d'));
    expect(backend.requests[0]?.line).toBe('GET //a//b?c=//d HTTP/1.1');
  });
  test('Expect does not get a request past the forwarding fields', async () => {
    await ask(
      proxy.port,
      `POST / HTTP/1.1\r\n${H}Expect: 100-continue\r\nX-Forwarded-For: 6.6.6.6\r\nContent-Length: 3\r\n\r\nabc`,
    );
    expect(backend.requests[0]?.all('x-forwarded-for')).toEqual(['127.0.0.1']);
  });
  test('an upgrade for an unknown host does not end the process', async () => {
    expect((await ask(proxy.port, upgrade.replace(host, 'nobody.example'))).status).toBe(404);
  });
  test('an upgrade whose upstream refuses the connection does not end the process', async () => {
    const closed = await startBackend();
    await closed.close();
    const other = await startProxy([entryOf(host, [routeOf([targetOf(closed)])])]);
    expect((await ask(other.port, upgrade)).status).toBe(502);
    await other.close();
  });
  test('a reset before a refused upgrade is answered leaks nothing', async () => {
    backend.script = (_, socket) => {
      setTimeout(() => socket.write('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno'), 30);
    };
    for (let count = 0; count < 10; count += 1) {
      const client = await openClient(proxy.port);
      client.send(upgrade);
      await until(() => backend.requests.length === count + 1, 'the request');
      client.socket.resetAndDestroy();
    }
    await until(() => backend.sockets.size === 0, 'the upstream is let go');
  });
  test('a reset after a refused upgrade is answered leaks nothing', async () => {
    backend.script = reply('HTTP/1.1 403 No\r\nContent-Length: 1000000\r\n\r\nno');
    for (let count = 0; count < 10; count += 1) {
      const client = await openClient(proxy.port);
      client.send(upgrade);
      await until(() => client.received().includes('403'), 'the refusal');
      client.socket.resetAndDestroy();
    }
    await until(() => backend.sockets.size === 0, 'the upstream is let go');
  });
  test('an upstream’s reset at any moment of an upgrade leaks nothing', async () => {
    backend.script = (_, socket) => {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
        () => socket.resetAndDestroy(),
      );
    };
    for (let count = 0; count < 20; count += 1) {
      const client = await openClient(proxy.port);
      client.send(upgrade);
      await client.closed();
      client.close();
    }
  });
});
