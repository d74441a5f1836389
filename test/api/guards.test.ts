/** What every call to the API passes: its Host, where it comes from, who it is, how it is formed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { type Portolan, request, within } from '../support/portolan.ts';
import { createEngine, endService, serveContainers, serveOn } from '../support/simulated.ts';

describe('the API', () => {
  let engine: Simulator;
  let portolan: Portolan;
  beforeAll(async () => {
    ({ engine, portolan } = await serveContainers('web'));
  });
  afterAll(() => endService(engine));

  /** A call exactly as given: no token, no header but these. */
  const bare = (method: string, path: string, headers: Record<string, string>, body?: string) =>
    request({ port: portolan.apiPort, method, path, headers, body });
  const local = () => ({ Host: `localhost:${portolan.apiPort}` });
  const json = { 'Content-Type': 'application/json' };

  test('answers to its own names only (DNS rebinding)', async () => {
    for (const host of ['localhost', '127.0.0.1', '[::1]', 'LOCALHOST.']) {
      expect(
        (await bare('GET', '/api/v1/routes', { Host: `${host}:${portolan.apiPort}` })).status,
        host,
      ).toBe(200);
    }
    for (const host of ['evil.example', 'localhost.evil.example', 'web.docker.localhost']) {
      expect((await bare('GET', '/api/v1/routes', { Host: host })).status, host).toBe(421);
    }
  });

  test('refuses what a page of another origin sends', async () => {
    const refused: Record<string, string>[] = [
      { Origin: 'http://evil.example' },
      { Origin: 'null' },
      { Origin: `https://localhost:${portolan.apiPort}` },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'cors' },
      { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' },
      { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'object' },
    ];
    for (const headers of refused) {
      expect(
        (await bare('GET', '/api/v1/routes', { ...local(), ...headers })).status,
        JSON.stringify(headers),
      ).toBe(403);
    }
    const own = { Origin: `http://localhost:${portolan.apiPort}`, 'Sec-Fetch-Site': 'same-origin' };
    expect((await bare('GET', '/api/v1/routes', { ...local(), ...own })).status).toBe(200);
    const link = {
      'Sec-Fetch-Site': 'cross-site',
      'Sec-Fetch-Mode': 'navigate',
      'Sec-Fetch-Dest': 'document',
    };
    expect((await bare('GET', '/docs', { ...local(), ...link })).status).toBe(200);
    // A form of another page, which a browser sends by navigating.
    expect((await bare('POST', '/api/v1/session', { ...local(), ...link })).status).toBe(403);
  });

  test('wants the token for commands and container logs, and tells a wrong one from none', async () => {
    const stop = '/api/v1/containers/web/stop';
    expect((await bare('POST', stop, local())).status).toBe(401);
    expect(
      (await bare('POST', stop, { ...local(), Authorization: 'Bearer wrong-token-of-some-length' })).status,
    ).toBe(401);
    expect((await bare('POST', stop, { ...local(), Authorization: 'Basic dXNlcjpwYXNz' })).status).toBe(401);
    expect((await bare('GET', '/api/v1/containers/web/logs', local())).status).toBe(401);
    expect((await bare('GET', '/api/v1/containers', local())).status).toBe(200);
    expect((await portolan.get('web.docker.localhost')).status).toBe(200);
  });

  test('takes a body as JSON only, and not one that is too large', async () => {
    const post = (headers: Record<string, string>, body: string) =>
      portolan.api('POST', '/api/v1/containers', undefined, headers).then(() =>
        request({
          port: portolan.apiPort,
          method: 'POST',
          path: '/api/v1/containers',
          headers: { ...local(), ...headers },
          body,
        }),
      );
    expect((await post({ 'Content-Type': 'text/plain' }, '{"image":"x"}')).status).toBe(415);
    expect((await post(json, `{"image":"${'x'.repeat(1_100_000)}"}`)).status).toBe(413);
    const broken = await portolan.api('POST', '/containers', undefined, json);
    expect(broken.status).toBe(400);
  });

  test('says of each wrong field where it is and what is allowed', async () => {
    const body = { image: 'web', start: 'yes', extra: 1, pull: 'sometimes', name: '../etc' };
    const answer = await portolan.api('POST', '/containers', body);
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    const fields = (JSON.parse(answer.body).errors as { field: string }[]).map((error) => error.field);
    expect(fields.sort()).toEqual(['/extra', '/name', '/pull', '/start']);
    const query = await portolan.api('GET', '/events?limit=5000&sort=up');
    expect(
      JSON.parse(query.body)
        .errors.map((error: { field: string }) => error.field)
        .sort(),
    ).toEqual(['limit', 'sort']);
    const since = await portolan.api('GET', '/events?since=yesterday');
    expect(since.body).toContain('RFC 3339');
  });

  test('lets no odd id through to the engine', async () => {
    for (const id of ['..%2f..', 'a%2fb', '%2e%2e', '-x', 'a?b', 'x'.repeat(129), '%00']) {
      const answer = await portolan.api('POST', `/containers/${id}/start`);
      expect([400, 404, 405], id).toContain(answer.status);
      expect(answer.headers['content-type'], id).toBe('application/problem+json');
    }
  });

  test('answers in one form whatever goes wrong', async () => {
    const cases: [string, string, number][] = [
      ['GET', '/containers/nobody', 404],
      ['POST', '/containers/nobody/start', 404],
      ['GET', '/nothing', 404],
      ['GET', '/routes/0123456789abcdef', 404],
      ['GET', '/hosts/never.docker.localhost', 404],
      ['GET', '/events/999999', 404],
      ['GET', '/routes?cursor=nonsense', 400],
      ['GET', '/resolve?url=ftp://x', 400],
      ['POST', '/containers/web/unpause', 502],
    ];
    for (const [method, path, status] of cases) {
      const answer = await portolan.api(method, path);
      expect([path, answer.status]).toEqual([path, status]);
      expect(JSON.parse(answer.body)).toMatchObject({
        status,
        title: expect.any(String),
        detail: expect.any(String),
      });
    }
  });

  test('counts refused calls together, and records them', async () => {
    const other = await createEngine();
    const short = await serveOn(other);
    for (let call = 0; call < 50; call++) {
      await request({
        port: short.apiPort,
        method: 'POST',
        path: '/api/v1/containers/a/stop',
        headers: { Host: 'localhost' },
        body: undefined,
      });
    }
    await short.stop();
    const again = await serveOn(other, { dataDir: short.dataDir });
    const refused = await again.events('CommandRefused');
    expect(refused).toMatchObject([{ data: { reason: 'token-missing', count: 50 } }]);
    await other.stop();
  });

  test('a one-time link signs a browser in, once', async () => {
    expect((await bare('GET', '/sign-in?code=guess', local())).status).toBe(403);
  });

  test('describes every call in /openapi.json, and lists them at /docs', async () => {
    const document = JSON.parse((await portolan.api('GET', '/openapi.json')).body);
    const paths = Object.keys(document.paths);
    for (const path of [
      '/containers',
      '/containers/{id}/stop',
      '/routes',
      '/hosts/{host}/history',
      '/events/stream',
      '/audit',
      '/log',
      '/system',
      '/resolve',
    ]) {
      expect(paths).toContain(`/api/v1${path}`);
    }
    const docs = await portolan.api('GET', '/docs');
    for (const path of paths) expect(docs.body).toContain(path);
    expect(docs.body).not.toMatch(/https?:\/\/(?!localhost)/);
  });

  test('resolve says what the proxy would do', async () => {
    const resolve = (url: string) =>
      portolan.json<{ status: number }>(`/resolve?url=${encodeURIComponent(url)}`);
    expect(await resolve('http://web.docker.localhost/x')).toMatchObject({
      status: 200,
      targets: [{ name: 'web' }],
    });
    expect(await resolve('http://never.docker.localhost/')).toMatchObject({ status: 404, targets: [] });
    for (const host of ['web.docker.localhost', 'never.docker.localhost']) {
      expect((await resolve(`http://${host}/`)).status).toBe((await portolan.get(host)).status);
    }
  });

  test('metrics, health and readiness are there for machines', async () => {
    expect((await portolan.api('GET', '/healthz')).status).toBe(200);
    expect((await portolan.api('GET', '/readyz')).status).toBe(200);
    const metrics = (await portolan.api('GET', '/metrics')).body;
    for (const name of [
      'portolan_engine_connected 1',
      'portolan_routes_open 1',
      'portolan_log_writable 1',
      'portolan_drifts_total 0',
    ]) {
      expect(metrics).toContain(name);
    }
  });

  test('a pull shows its progress, and its failure comes as an event', async () => {
    const sse = { Accept: 'text/event-stream' };
    const done = await portolan.api('POST', '/containers', { image: 'nginx:1.27', name: 'pulled' }, sse);
    expect(done.body).toMatch(/event: progress[\s\S]*event: done/);
    await portolan.answers('pulled.docker.localhost', 200);
    const failed = await portolan.api('POST', '/containers', { image: 'nowhere/at-all' }, sse);
    expect(failed.body).toContain('event: failed');
    const plain = await portolan.api('POST', '/containers', { image: 'nowhere/at-all' });
    expect(plain.status).toBeGreaterThanOrEqual(400);
    await within(
      5_000,
      'both failures',
      async () =>
        (await portolan.events('CommandFailed')).filter((one) => one.data.kind === 'create').length === 2,
    );
  });

  test('logs and stats stream', async () => {
    const logs = await portolan.api('GET', '/containers/web/logs?follow=false');
    expect(logs.body).toMatch(/event: stdout\ndata: started as web/);
    expect(logs.body).toContain('event: end');
    expect((await portolan.api('GET', '/containers/nobody/stats')).status).toBe(404);
  });
});
