/** How the API serves the dashboard's files, and how a browser signs in. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OpenAPIHono } from '@hono/zod-openapi';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dashboard } from '../../src/api/dashboard.ts';
import { type Env, identify } from '../../src/api/guards.ts';
import { pages } from '../../src/api/pages.ts';
import type { Problem } from '../../src/api/problem.ts';
import { createSessions } from '../../src/api/session.ts';
import { createToken } from '../../src/api/token.ts';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { type Portolan, request, within } from '../support/portolan.ts';
import { endService, serveContainers } from '../support/simulated.ts';

describe('its files', () => {
  const app = new OpenAPIHono<Env>();
  const folder = mkdtempSync(join(tmpdir(), 'portolan-dashboard-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Portolan</title>');
  writeFileSync(join(folder, 'assets', 'main-abc.js'), 'export const a = 1;'.repeat(100));
  writeFileSync(join(folder, 'secret.js'), 'no');
  dashboard(app, folder);

  test('the page for each of its paths, always asked again, and nothing from elsewhere', async () => {
    for (const path of ['/', '/routes/web.docker.localhost', '/timeline', '/events/12', '/system?at=x']) {
      const answer = await app.request(path);
      expect([path, answer.status]).toEqual([path, 200]);
      expect(await answer.text()).toContain('<title>Portolan');
      expect(answer.headers.get('cache-control')).toBe('no-cache');
      expect(answer.headers.get('content-security-policy')).toContain(
        "default-src 'none'; script-src 'self'",
      );
    }
  });
  test('its assets for ever, compressed for those who take it', async () => {
    const headers = { 'Accept-Encoding': 'gzip, br' };
    const zipped = await app.request('/assets/main-abc.js', { headers });
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    expect(zipped.headers.get('cache-control')).toContain('immutable');
    const plain = await app.request('/assets/main-abc.js');
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(await plain.text()).toContain('export const a');
  });
  test('no other file, and no other path', async () => {
    for (const path of [
      '/assets/..%2fsecret.js',
      '/assets/%2e%2e/secret.js',
      '/assets/other.js',
      '/secret.js',
      '/x',
    ])
      expect([path, (await app.request(path)).status]).toEqual([path, 404]);
  });
  test('the page for a path that is mistyped, to people; a problem to programs', async () => {
    const headers = { Accept: 'text/html,*/*;q=0.8' };
    const answer = await app.request('/contianers', { headers });
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('<title>Portolan');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    const call = await app.request('/api/v1/contianers', { headers });
    expect([call.status, await call.text()]).toEqual([404, '404 Not Found']);
  });
  test('says how to build it where it has not been built', async () => {
    const bare = new OpenAPIHono<Env>();
    dashboard(bare, join(folder, 'nowhere'));
    const answer = await bare.request('/');
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('npm run build:dashboard');
  });
});

describe('a one-time link', () => {
  test('gives the cookie to the browser and the key to its page alone, once', async () => {
    const sessions = createSessions(() => 0);
    const app = new OpenAPIHono<Env>();
    pages(app, sessions, () => ({}));
    const code = sessions.offer();
    const answer = await app.request(`/sign-in?code=${code}`);
    expect(answer.status).toBe(302);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const [, id] = /^portolan-session=([^;]+); .*HttpOnly/.exec(answer.headers.get('set-cookie')!)!;
    // In the fragment, which is sent to no server.
    const [, key] = /^\/#session-key=([\w-]+)$/.exec(answer.headers.get('location')!)!;
    expect(sessions.isValid({ id: id!, key: key! })).toBe(true);
    const again = await app.request(`/sign-in?code=${code}`, { headers: { Accept: 'text/html' } });
    expect(again.status).toBe(403);
  });
});

test('two Portolans on one host, whose ports share their cookies, do not sign each other out', async () => {
  const app = new OpenAPIHono<Env>();
  const sessions = createSessions(() => 0);
  pages(app, sessions, () => ({}));
  const cookieOn = async (host: string): Promise<string> => {
    const answer = await app.request(`/sign-in?code=${sessions.offer()}`, { headers: { host } });
    return answer.headers.get('set-cookie')!.split('=')[0]!;
  };
  expect(await cookieOn('localhost:8080')).toBe('portolan-session-8080');
  expect(await cookieOn('localhost:8090')).toBe('portolan-session-8090');
});

describe('from other machines', () => {
  test('a cookie without its key shows what the API can do, and nothing of what it holds', async () => {
    const sessions = createSessions(() => 0);
    const app = new OpenAPIHono<Env>();
    app.use(identify(createToken('token'), sessions, { refused: () => undefined }));
    app.get('*', (c) => c.text('here'));
    app.onError((error, c) => c.text('', (error as Problem).status as 401));
    const { id, key } = sessions.open();
    const Cookie = `portolan-session=${id}`;
    const remote = { incoming: { socket: { remoteAddress: '192.0.2.1' } } };
    const ask = async (path: string, headers: Record<string, string>): Promise<number> =>
      (await app.request(path, { headers }, remote)).status;
    for (const path of ['/docs', '/openapi.json']) {
      expect(await ask(path, { Cookie }), path).toBe(200);
      expect(await ask(path, {}), path).toBe(401);
    }
    for (const path of ['/api/v1/routes', '/metrics', '/docs/x']) {
      expect(await ask(path, { Cookie }), path).toBe(401);
      expect(await ask(path, { Cookie, 'Portolan-Session-Key': key }), path).toBe(200);
    }
    expect(await ask('/', {})).toBe(200);
  });
});

describe('signing in', () => {
  let engine: Simulator;
  let portolan: Portolan;
  beforeAll(async () => {
    ({ engine, portolan } = await serveContainers('web'));
  });
  afterAll(() => endService(engine));
  const bare = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
    request({
      port: portolan.apiPort,
      method,
      path,
      headers: { Host: `localhost:${portolan.apiPort}`, ...headers },
      body,
    });
  const json = { 'Content-Type': 'application/json' };

  const signIn = async () => {
    const token = readFileSync(join(portolan.dataDir, 'token'), 'utf8').trim();
    const answer = await bare('POST', '/api/v1/session', json, JSON.stringify({ token }));
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    const [cookie] = answer.headers['set-cookie']!;
    const { signedIn, key } = JSON.parse(answer.body) as { signedIn: boolean; key: string };
    expect(signedIn).toBe(true);
    return { cookie: cookie!, key };
  };

  test('with the token: a cookie that no script reads and a key, and then commands', async () => {
    expect(JSON.parse((await bare('GET', '/api/v1/session')).body)).toEqual({ signedIn: false });
    const wrong = await bare('POST', '/api/v1/session', json, '{"token":"not the token, by any means"}');
    expect(wrong.status).toBe(401);
    expect(wrong.headers['set-cookie']).toBeUndefined();
    const { cookie, key } = await signIn();
    expect(cookie).toContain('HttpOnly');
    expect(cookie).toContain('SameSite=Strict');
    const session = { Cookie: cookie.split(';')[0]!, 'Portolan-Session-Key': key };
    expect(JSON.parse((await bare('GET', '/api/v1/session', session)).body)).toEqual({ signedIn: true });
    expect((await bare('POST', '/api/v1/containers/web/stop', session)).status).toBe(200);
    expect((await bare('POST', '/api/v1/containers/web/start')).status).toBe(401);
    const left = await bare('DELETE', '/api/v1/session', session);
    expect(JSON.parse(left.body)).toEqual({ signedIn: false });
    expect(left.headers['set-cookie']![0]).toContain('Max-Age=0');
    // Also for whoever has kept the cookie.
    expect((await bare('POST', '/api/v1/containers/web/start', session)).status).toBe(401);
  });

  test('the cookie that an application on another port of the host receives is worth nothing by itself', async () => {
    const { cookie, key } = await signIn();
    const other = await signIn();
    const Cookie = cookie.split(';')[0]!;
    const stolen = [
      { Cookie },
      { Cookie, 'Portolan-Session-Key': '' },
      { Cookie, 'Portolan-Session-Key': key.slice(1) },
      { Cookie, 'Portolan-Session-Key': other.key },
      { 'Portolan-Session-Key': key },
    ];
    for (const headers of stolen) {
      expect(JSON.parse((await bare('GET', '/api/v1/session', headers)).body)).toEqual({ signedIn: false });
      expect((await bare('POST', '/api/v1/containers/web/stop', headers)).status).toBe(401);
      expect((await bare('GET', '/api/v1/containers/web/logs?follow=false', headers)).status).toBe(401);
    }
    const both = { Cookie, 'Portolan-Session-Key': key };
    expect((await bare('GET', '/api/v1/containers/web/logs?follow=false', both)).status).toBe(200);
  });

  test('a link that has been used says what to do, as a page to a browser', async () => {
    const used = await bare('GET', '/sign-in?code=used', { Accept: 'text/html' });
    expect(used.status).toBe(403);
    expect(used.headers['content-type']).toContain('text/html');
    expect(used.body).toContain('the file <code>token</code>');
    expect((await bare('GET', '/sign-in?code=used')).headers['content-type']).toContain('problem+json');
  });

  test('the system says which port the proxy has, and what the last verification found', async () => {
    const system = () => portolan.json<System>('/system');
    interface System {
      readonly proxy: { readonly port: number };
      readonly log: { readonly position: number; readonly verified: object | null };
    }
    const before = await system();
    expect(before.proxy.port).toBe(portolan.port);
    expect(before.log.verified).toBeNull();
    const verified = JSON.parse((await portolan.api('POST', '/log/verify')).body) as object;
    expect(verified).toEqual({ valid: true, checkedTo: expect.any(Number) });
    expect((await system()).log.verified).toEqual({ ...verified, at: expect.stringMatching(/Z$/) });
  });

  test('an event names what led to it, from the root on', async () => {
    const closed = await within(
      5_000,
      'the route to be closed',
      async () => (await portolan.events('RouteClosed'))[0],
    );
    const causes = await portolan.json<{ items: { type: string; position: number }[] }>(
      `/events/${closed.position}/causes`,
    );
    expect(causes.items.map(({ type }) => type)).toContain('ContainerObserved');
    expect(causes.items.every(({ position }) => position < closed.position)).toBe(true);
    expect((await portolan.api('GET', '/events/999999/causes')).status).toBe(404);
  });
});
