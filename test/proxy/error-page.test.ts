/** The proxy's own answers: their form, and to whom they say how much. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, type RawBackend, startBackend } from '../support/raw-http.ts';
import {
  entryOf,
  routeOf,
  startProxy,
  type TestProxy,
  type TestProxyOptions,
  targetOf,
} from './in-process.ts';

const sentence = 'web stopped at 14:03 with exit code 137 (stopped by <b>"anna" & \'co\'</b>).';
let backend: RawBackend;
const proxies: TestProxy[] = [];
const start = async (options: TestProxyOptions = {}): Promise<number> => {
  const hosts = [
    entryOf('down.docker.localhost', [routeOf([], '/', sentence)], sentence),
    entryOf('gone.docker.localhost', [], sentence),
    entryOf('down.example.com', [routeOf([], '/', sentence)], sentence),
    entryOf('parts.docker.localhost', [routeOf([targetOf(backend)], '/api'), routeOf([], '/web', sentence)]),
    entryOf('api.docker.localhost', [routeOf([targetOf(backend)], '/api')]),
  ];
  const proxy = await startProxy(hosts, options);
  proxies.push(proxy);
  return proxy.port;
};
beforeAll(async () => {
  backend = await startBackend();
});
afterAll(async () => {
  for (const proxy of proxies) await proxy.close();
  await backend.close();
});
const get = (host: string, fields = '', path = '/', method = 'GET') =>
  `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`;

describe('what is answered', () => {
  test('a host never seen: 404', async () => {
    expect((await ask(await start(), get('nobody.docker.localhost'))).status).toBe(404);
  });
  test('a host whose container stopped: 503 with Retry-After', async () => {
    const port = await start();
    for (const host of ['down.docker.localhost', 'gone.docker.localhost']) {
      const answer = await ask(port, get(host));
      expect([answer.status, answer.field('retry-after')]).toEqual([503, '5']);
      expect(answer.body).toContain('exit code 137');
    }
  });
  test('a path that is down beside one that is up: 503; one that no route covers: 404', async () => {
    const port = await start();
    expect((await ask(port, get('parts.docker.localhost', '', '/api/x'))).status).toBe(200);
    expect((await ask(port, get('parts.docker.localhost', '', '/web'))).status).toBe(503);
    expect((await ask(port, get('api.docker.localhost', '', '/apix'))).status).toBe(404);
  });
  test('the connection is kept: it is only this host that is down', async () => {
    expect((await ask(await start(), get('down.docker.localhost'))).field('connection')).toBe('keep-alive');
  });
  test('HEAD gets the head alone', async () => {
    const answer = await ask(await start(), get('down.docker.localhost', '', '/', 'HEAD'));
    expect([answer.status, answer.body]).toEqual([503, '']);
    expect(Number(answer.field('content-length'))).toBeGreaterThan(0);
  });
});

describe('its form', () => {
  test('HTML to a browser, with everything escaped', async () => {
    const answer = await ask(await start(), get('down.docker.localhost', 'Accept: text/html,*/*\r\n'));
    expect(answer.field('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.body).toContain('&lt;b&gt;&quot;anna&quot; &amp; &#39;co&#39;&lt;/b&gt;');
    expect(answer.body).not.toContain('<b>');
    expect(answer.body).toContain('href="http://127.0.0.1:8080/"');
    expect(answer.field('cache-control')).toBe('no-store');
    expect(answer.field('x-content-type-options')).toBe('nosniff');
  });
  test('problem+json to Accept: application/json', async () => {
    for (const type of ['application/json', 'application/problem+json']) {
      const answer = await ask(await start(), get('down.docker.localhost', `Accept: ${type}\r\n`));
      expect(answer.field('content-type')).toBe('application/problem+json');
      expect(JSON.parse(answer.body)).toEqual({
        type: 'about:blank',
        title: 'Service Unavailable',
        status: 503,
        detail: sentence,
      });
    }
  });
  test('text to all others', async () => {
    const answer = await ask(await start(), get('down.docker.localhost', 'Accept: */*\r\n'));
    expect(answer.field('content-type')).toBe('text/plain; charset=utf-8');
    expect(answer.body).toBe(`503 Service Unavailable: ${sentence}\n`);
  });
  test('a host name in it is escaped by being none: markup in Host is 400', async () => {
    expect((await ask(await start(), get('<b>.docker.localhost', 'Accept: text/html\r\n'))).status).toBe(400);
  });
});

describe('who is told why', () => {
  const isTold = async (options: TestProxyOptions, host: string, fields = ''): Promise<boolean> => {
    const port = await start(options);
    const answers = await Promise.all(
      ['', 'Accept: text/html\r\n', 'Accept: application/json\r\n'].map((accept) =>
        ask(port, get(host, fields + accept)),
      ),
    );
    const told = answers.map(({ body }) => body.includes('exit code 137'));
    expect(new Set(told).size).toBe(1);
    expect(answers.every(({ status }) => status === 503)).toBe(true);
    return told[0]!;
  };
  const explain = (how: 'local' | 'always' | 'never'): TestProxyOptions => ({ settings: { explain: how } });

  test('local: a loopback peer that asks for a .localhost host', async () => {
    expect(await isTold(explain('local'), 'down.docker.localhost')).toBe(true);
    expect(await isTold(explain('local'), 'DOWN.docker.LOCALHOST.:8000')).toBe(true);
  });
  test('local: not for another host name, which a page elsewhere may point at us', async () => {
    expect(await isTold(explain('local'), 'down.example.com')).toBe(false);
  });
  test('local: not to a request that came through another proxy', async () => {
    for (const field of ['X-Forwarded-For: 1.2.3.4', 'Forwarded: for=1.2.3.4', 'X-Real-IP: 1.2.3.4'])
      expect(await isTold(explain('local'), 'down.docker.localhost', `${field}\r\n`)).toBe(false);
  });
  test('always: everybody', async () => {
    expect(await isTold(explain('always'), 'down.example.com', 'X-Forwarded-For: 1.2.3.4\r\n')).toBe(true);
  });
  test('never: nobody', async () => {
    expect(await isTold(explain('never'), 'down.docker.localhost')).toBe(false);
  });
  test('never: malformed requests are told nothing either', async () => {
    const answer = await ask(await start(explain('never')), 'GET / HTTP/1.1\nHost: x\n\n');
    expect(answer.body).toBe('400 Bad Request\n');
  });
});
