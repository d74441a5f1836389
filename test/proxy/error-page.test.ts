/** The proxy's own pages, as a browser gets them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorPage } from '../../src/proxy/error-html.ts';
import { ask } from '../support/raw-http.ts';
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
    expect((await ask(proxy.port, get('something-else.docker.localhost'))).body).not.toContain('are near');
    expect((await ask(proxy.port, get('shup.docker.localhost'))).body).not.toContain('shop.docker');
  });

  test('is text to whoever wants none, without the near ones', async () => {
    const { body } = await ask(proxy.port, get('blug.docker.localhost', '*/*'));
    expect(body).toBe('404 Not Found: no container has answered as blug.docker.localhost so far.\n');
  });
});

test('a page holds nothing from elsewhere, and nothing of a host that is no name', () => {
  const about = { status: 503, title: 'Service Unavailable', sentence: 'a "quote" & <tag>', near: [] };
  const page = errorPage({ ...about, host: '"><script>', apiUrl: 'http://localhost:8080/' });
  expect(page).not.toContain('<script');
  expect(page).toContain('a &quot;quote&quot; &amp; &lt;tag&gt;');
  expect(page.replaceAll('http://localhost:8080/', '')).not.toMatch(/https?:|url\(|@import/);
  expect(errorPage({ ...about, sentence: '', host: 'a.test', apiUrl: '' })).not.toContain('<a ');
});
