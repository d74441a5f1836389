/** How the API serves the dashboard's files, and how a browser signs in. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OpenAPIHono } from '@hono/zod-openapi';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dashboard } from '../../src/api/dashboard.ts';
import type { Env } from '../../src/api/guards.ts';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { cleanUp, type Portolan, request, within } from '../support/portolan.ts';
import { createEngine, routesEqual, serveOn } from '../support/simulated.ts';

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
  test('says how to build it where it has not been built', async () => {
    const bare = new OpenAPIHono<Env>();
    dashboard(bare, join(folder, 'nowhere'));
    const answer = await bare.request('/');
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('npm run build:dashboard');
  });
});

describe('signing in', () => {
  let engine: Simulator;
  let portolan: Portolan;
  beforeAll(async () => {
    engine = await createEngine();
    portolan = await serveOn(engine);
    await engine.run({ name: 'web' });
    await routesEqual(portolan, engine);
  });
  afterAll(async () => {
    await cleanUp();
    await engine.stop();
  });
  const bare = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
    request({
      port: portolan.apiPort,
      method,
      path,
      headers: { Host: `localhost:${portolan.apiPort}`, ...headers },
      body,
    });
  const json = { 'Content-Type': 'application/json' };

  test('with the token: a cookie that no script reads, and then commands', async () => {
    expect(JSON.parse((await bare('GET', '/api/v1/session')).body)).toEqual({ signedIn: false });
    const wrong = await bare('POST', '/api/v1/session', json, '{"token":"not the token, by any means"}');
    expect(wrong.status).toBe(401);
    expect(wrong.headers['set-cookie']).toBeUndefined();
    const token = readFileSync(join(portolan.dataDir, 'token'), 'utf8').trim();
    const right = await bare('POST', '/api/v1/session', json, JSON.stringify({ token }));
    expect(right.status).toBe(200);
    const cookie = right.headers['set-cookie']![0]!;
    expect(cookie).toContain('HttpOnly');
    expect(cookie).toContain('SameSite=Strict');
    const session = { Cookie: cookie.split(';')[0]! };
    expect(JSON.parse((await bare('GET', '/api/v1/session', session)).body)).toEqual({ signedIn: true });
    expect((await bare('POST', '/api/v1/containers/web/stop', session)).status).toBe(200);
    expect((await bare('POST', '/api/v1/containers/web/start')).status).toBe(401);
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
