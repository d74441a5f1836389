/** Hazard: a path that the proxy reads as one thing and the upstream as another, on a host that routes by path. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { entryOf, routeOf, startProxy, type TestProxy, targetOf } from '../proxy/in-process.ts';
import { ask, type RawBackend, reply, startBackend } from '../support/raw-http.ts';
import { H, host } from './cases.ts';

describe('on a host whose /admin is another container’s', () => {
  const backends: RawBackend[] = [];
  let proxy: TestProxy;
  beforeAll(async () => {
    for (const name of ['admin', 'other', 'odd'])
      backends.push(
        await startBackend(reply(`HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`)),
      );
    const [admin, other, odd] = backends.map((backend, index) => [targetOf(backend, `c${index}`)]);
    const routes = [routeOf(admin!, '/admin/area'), routeOf(odd!, '/odd;v=1'), routeOf(other!)];
    proxy = await startProxy([entryOf(host, routes), entryOf('plain.docker.localhost', [routeOf(other!)])]);
  });
  afterAll(async () => {
    await proxy.close();
    for (const backend of backends) await backend.close();
  });
  const get = (path: string, of = H) => ask(proxy.port, `GET ${path} HTTP/1.1\r\n${of}\r\n`);

  test.each([
    '/admin/area',
    '/admin/area/x',
    '/%61dmin/area',
    '//admin/area',
    '/admin//area',
    '///admin////area//x',
    '/admin;x=1/area',
    '/admin/area;x=1',
    '/;x/admin/area',
    '/;/admin;/;/area/x',
    '/admin/area?/../',
  ])('%s is its, in whatever spelling, and gets there as it was sent', async (path) => {
    backends[0]!.clear();
    expect((await get(path)).body).toBe('admin');
    expect(backends[0]!.requests[0]?.line).toBe(`GET ${path} HTTP/1.1`);
  });
  test.each([
    '/',
    '/admin',
    '/admin/areas',
    '/ADMIN/area',
    '/x/admin/area',
    '/odd',
    '/admin%3b/area',
    '/...',
    '/..x',
  ])('%s is not', async (path) => {
    expect((await get(path)).body).toBe('other');
  });
  test.each([
    '/x/../admin/area',
    '/x/..;/admin/area',
    '/x/..;a=b/admin/area',
    '/x/.;/admin/area',
    '/x/..%3b/admin/area',
    '/x/..',
    '/x/..;',
    '/x/%2e%2e/admin/area',
    '/x/.%2E/admin/area',
    '/x%2fadmin/area',
    '/x\\..\\admin/area',
    '/x/%5c../admin/area',
    '/admin%00/area',
    '/x/%c0%ae%C0%AE/admin/area',
    '/x/\xc0\xae\xc0\xae/admin/area',
    '/x/..%c0%af/admin/area',
    '/x/..%c1%9cadmin/area',
  ])('%s could be, and is refused', async (path) => {
    for (const backend of backends) backend.clear();
    expect((await get(path)).status).toBe(400);
    expect(backends.flatMap(({ requests }) => requests)).toEqual([]);
  });
  test('a rule with a parameter is matched with it', async () => {
    expect((await get('/odd;v=1/x')).body).toBe('odd');
    expect((await get('/odd;v=2/x')).body).toBe('other');
  });
  test('a host without path rules gets all of them as they are', async () => {
    expect((await get('/x/..;/%2e%2f//a', 'Host: plain.docker.localhost\r\n')).body).toBe('other');
  });
});
