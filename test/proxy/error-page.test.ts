/** The proxy's own pages, as a browser gets them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorPage } from '../../src/proxy/error-html.ts';
import { createLastIntervals } from '../../src/proxy/last-intervals.ts';
import type { LastInterval } from '../../src/proxy/messages.ts';
import { freePort } from '../support/free-port.ts';
import { ask, openClient, startBackend, until } from '../support/raw-http.ts';
import { entryOf, routeOf, startProxy, type TestProxy, targetOf } from './in-process.ts';

const get = (host: string, accept = 'text/html'): string =>
  `GET / HTTP/1.1\r\nHost: ${host}\r\nAccept: ${accept}\r\n\r\n`;

describe('an error page', () => {
  let proxy: TestProxy;
  beforeAll(async () => {
    const down = 'shop.docker.localhost has had no upstream since 12:00, when container <shop> was stopped.';
    proxy = await startProxy([
      entryOf('shop.docker.localhost', [routeOf([], '/', down)], down),
      entryOf('blog.docker.localhost', [routeOf([targetOf({ port: 1, address: '127.0.0.1' })])]),
    ]);
  });
  afterAll(() => proxy.close());

  test('of a host that is down says why, and leads to its page in the dashboard', async () => {
    const { status, body } = await ask(proxy.port, get('shop.docker.localhost'));
    expect(status).toBe(503);
    expect(body).toContain('when container &lt;shop&gt; was stopped.');
    expect(body).toContain('href="http://127.0.0.1:8080/routes/shop.docker.localhost"');
  });

  test('of a host never seen names the open ones that are near', async () => {
    const { status, body } = await ask(proxy.port, get('blug.docker.localhost'));
    expect(status).toBe(404);
    expect(body).toContain('href="//blog.docker.localhost/"');
    expect(body).toContain('<p>No container has answered');
    // On the port that was asked.
    expect((await ask(proxy.port, get('blug.docker.localhost:8000'))).body).toContain(
      'href="//blog.docker.localhost:8000/"',
    );
    expect((await ask(proxy.port, get('something-else.docker.localhost'))).body).not.toContain('are near');
    expect((await ask(proxy.port, get('shup.docker.localhost'))).body).not.toContain('shop.docker');
  });

  test('is text to whoever wants none, without the near ones', async () => {
    const { body } = await ask(proxy.port, get('blug.docker.localhost', '*/*'));
    expect(body).toBe('404 Not Found: no container has answered as blug.docker.localhost so far.\n');
  });
});

describe('the page of a host that is down', () => {
  const down = 'shop.docker.localhost has had no upstream since 12:00, when container shop was stopped.';
  const entry = entryOf('shop.docker.localhost', [routeOf([], '/', down)], down);

  test('tells when it was served last, to a person who is told why', async () => {
    const intervals = [
      { from: '2026-01-05T11:00:00.000Z', to: '2026-01-05T12:00:09.000Z', by: ['<shop>'], reason: 'stopped' },
      { from: '2026-01-04T09:00:00.000Z', to: '2026-01-05T10:59:00.000Z', by: ['old', 'two'], reason: null },
    ];
    const asked: string[] = [];
    const proxy = await startProxy([entry], {
      async lastIntervals(host) {
        asked.push(host);
        return intervals;
      },
    });
    const { status, body } = await ask(proxy.port, get('shop.docker.localhost'));
    expect(status).toBe(503);
    expect(body).toContain(
      '<td>2026-01-05 11:00:00 to 12:00:09 UTC</td><td>&lt;shop&gt;</td><td>stopped</td>',
    );
    expect(body).toContain('<td>2026-01-04 09:00:00 to 2026-01-05 10:59:00 UTC</td><td>old, two</td>');
    // Nobody else is kept waiting for them.
    await ask(proxy.port, get('shop.docker.localhost', 'application/json'));
    await ask(proxy.port, get('shop.docker.localhost', '*/*'));
    await ask(proxy.port, get('shup.docker.localhost'));
    expect(asked).toEqual(['shop.docker.localhost']);
    await proxy.close();
  });

  test('keeps its turn on the connection, and is for nobody once the client has left', async () => {
    const answers: ((intervals: readonly LastInterval[]) => void)[] = [];
    const proxy = await startProxy([entry], {
      lastIntervals: () => new Promise((resolve) => answers.push(resolve)),
    });
    const client = await openClient(proxy.port);
    client.send(get('shop.docker.localhost') + get('never.docker.localhost'));
    await until(() => answers.length === 1, 'the question');
    answers[0]!([]);
    expect((await client.answer()).status).toBe(503);
    expect((await client.answer()).status).toBe(404);
    client.send(get('shop.docker.localhost'));
    await until(() => answers.length === 2, 'the next question');
    client.socket.destroy();
    await until(() => proxy.proxy.open() === 0, 'the end of its request');
    answers[1]!([]);
    expect((await ask(proxy.port, get('never.docker.localhost'))).status).toBe(404);
    await proxy.close();
  });

  test('is shown without it where nothing is explained', async () => {
    const asked: string[] = [];
    const proxy = await startProxy([entry], {
      settings: { explain: 'never' },
      async lastIntervals(host) {
        asked.push(host);
        return [];
      },
    });
    expect((await ask(proxy.port, get('shop.docker.localhost'))).body).not.toContain('served before');
    expect(asked).toEqual([]);
    await proxy.close();
  });
});

describe('the page of a container that runs and does not answer', () => {
  const host = 'shop.docker.localhost';
  const lastIntervals = async (): Promise<readonly LastInterval[]> => [
    { from: '2026-01-05T11:00:00.000Z', to: null, by: ['web'], reason: null },
  ];

  test('of a refused connection names the port and the label for another, and does not speak of starting it', async () => {
    const target = targetOf({ port: await freePort(), address: '127.0.0.1' });
    const proxy = await startProxy([entryOf(host, [routeOf([target])])], { lastIntervals });
    const { status, body } = await ask(proxy.port, get(host));
    expect(status).toBe(502);
    expect(body).toContain(`Container web does not accept connections on port ${target.port}; if it listens`);
    expect(body).toContain('portolan.port');
    expect(body).toContain('Where it goes, and went before:');
    expect(body).toContain('<td>2026-01-05 11:00:00 UTC to now</td><td>web</td>');
    expect(body).toContain(`routes/${host}">What happened to ${host}</a>; `);
    await proxy.close();
  });

  test('of a slow one says how long it was waited for', async () => {
    const backend = await startBackend(() => undefined);
    const limits = { firstByteTimeout: 50 };
    const proxy = await startProxy([entryOf(host, [routeOf([targetOf(backend)])])], {
      limits,
      lastIntervals,
    });
    const { status, body } = await ask(proxy.port, get(host));
    expect(status).toBe(504);
    expect(body).toContain('Container web did not begin to answer within 0.05 s.');
    expect(body).toContain('<td>2026-01-05 11:00:00 UTC to now</td>');
    await proxy.close();
    await backend.close();
  });
});

describe('what control is asked for a page', () => {
  test('is not waited for long, and not asked too often at once', async () => {
    const asked: number[] = [];
    const lastIntervals = createLastIntervals((id) => asked.push(id));
    const all = Array.from({ length: 20 }, () => lastIntervals.of('shop.docker.localhost'));
    expect(asked).toHaveLength(8);
    const interval = { from: '', to: null, by: [], reason: null };
    lastIntervals.answered(asked[0]!, [interval]);
    const got = await Promise.all(all);
    expect(got.filter((one) => one.length === 1)).toHaveLength(1);
    // Late ones are for nobody.
    lastIntervals.answered(asked[1]!, [interval]);
    const again = lastIntervals.of('shop.docker.localhost');
    lastIntervals.answered(asked.at(-1)!, [interval]);
    expect(await again).toEqual([interval]);
  });
});

test('a page holds nothing from elsewhere, and nothing of a host that is no name', () => {
  const about = {
    status: 503,
    title: 'Service Unavailable',
    sentence: 'a "quote" & <tag>',
    port: '',
    near: [],
    intervals: [],
  };
  const page = errorPage({ ...about, host: '"><script>', apiUrl: 'http://localhost:8080/' });
  expect(page).not.toContain('<script');
  expect(page).toContain('A &quot;quote&quot; &amp; &lt;tag&gt;');
  expect(page.replaceAll('http://localhost:8080/', '')).not.toMatch(/https?:|url\(|@import/);
  expect(errorPage({ ...about, sentence: '', host: 'a.test', apiUrl: '' })).not.toContain('<a ');
});
