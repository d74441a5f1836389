/** What a path answers to a method that it does not have, to HEAD and to OPTIONS. */
import { OpenAPIHono } from '@hono/zod-openapi';
import { streamSSE } from 'hono/streaming';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Env } from '../../src/api/guards.ts';
import { headGuard } from '../../src/api/methods.ts';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { type Portolan, request, within } from '../support/portolan.ts';
import { endService, serveContainers } from '../support/simulated.ts';

describe('the methods of a path', () => {
  let engine: Simulator;
  let portolan: Portolan;
  beforeAll(async () => {
    ({ engine, portolan } = await serveContainers('web'));
  });
  afterAll(() => endService(engine));
  const call = (method: string, path: string, headers: Record<string, string> = {}) =>
    request({
      port: portolan.apiPort,
      method,
      path,
      headers: { Host: `localhost:${portolan.apiPort}`, ...headers },
      body: undefined,
    });

  interface Document {
    readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  }

  test('a method that a known path does not have is refused with those that it has, on every path', async () => {
    const document = JSON.parse((await call('GET', '/openapi.json')).body) as Document;
    const paths = Object.entries(document.paths).map(
      ([path, operations]) => [path.replace(/\{\w+\}/g, '1'), Object.keys(operations)] as const,
    );
    expect(paths.length).toBeGreaterThan(30);
    const plain = ['/healthz', '/readyz', '/metrics', '/openapi.json', '/docs', '/', '/timeline'];
    for (const [path, methods] of [...paths, ...plain.map((one) => [one, ['get']] as const)]) {
      const answer = await call('PUT', path);
      expect([path, answer.status]).toEqual([path, 405]);
      expect(answer.headers['content-type']).toBe('application/problem+json');
      const allow = answer.headers.allow!.split(', ');
      const expected = methods.flatMap((one) => (one === 'get' ? ['GET', 'HEAD'] : [one.toUpperCase()]));
      expect([path, allow.toSorted()]).toEqual([path, [...expected, 'OPTIONS'].toSorted()]);
      expect(JSON.parse(answer.body).detail).toContain(`PUT is not allowed at ${path}; allowed: `);
    }
  });

  test('a browser that goes to a path of a command is told so, too', async () => {
    const answer = await call('GET', '/api/v1/containers/web/stop', { Accept: 'text/html' });
    expect([answer.status, answer.headers.allow]).toEqual([405, 'POST, OPTIONS']);
  });

  test('what there is not stays 404, whatever the method', async () => {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])
      for (const path of ['/api/v1/nothing', '/nothing', '/api/v1/containers/a/b/c']) {
        const answer = await call(method, path);
        expect([method, path, answer.status, answer.headers.allow]).toEqual([method, path, 404, undefined]);
      }
    expect((await call('GET', '/assets/none.js')).status).toBe(404);
    expect((await call('HEAD', '/assets/none.js')).status).toBe(404);
  });

  test('HEAD is answered as GET is, without a body', async () => {
    for (const path of ['/healthz', '/api/v1/routes', '/api/v1/containers/web', '/api/v1/events/stream']) {
      const answer = await call('HEAD', path);
      expect([path, answer.status, answer.body]).toEqual([path, 200, '']);
    }
    expect((await call('HEAD', '/api/v1/hosts/never.docker.localhost')).status).toBe(404);
  });

  test('OPTIONS tells the methods, but not to pages of another origin', async () => {
    const answer = await call('OPTIONS', '/api/v1/containers/web');
    expect([answer.status, answer.headers.allow, answer.body]).toEqual([
      204,
      'GET, HEAD, DELETE, OPTIONS',
      '',
    ]);
    const foreign = { Origin: 'http://evil.example', 'Access-Control-Request-Method': 'DELETE' };
    expect((await call('OPTIONS', '/api/v1/containers/web', foreign)).status).toBe(403);
  });
});

test('a stream that is asked for by HEAD ends, as nobody reads it', async () => {
  let aborted = false;
  const app = new OpenAPIHono<Env>();
  app.use(headGuard());
  app.get('/stream', (c) =>
    streamSSE(c, async (stream) => {
      stream.onAbort(() => {
        aborted = true;
      });
      while (!stream.aborted) await stream.sleep(10);
    }),
  );
  expect((await app.request('/stream', { method: 'HEAD' })).status).toBe(200);
  await within(5_000, 'the end of the stream', async () => aborted);
});
