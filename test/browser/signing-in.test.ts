/** Signing in by the one-time link, and what becomes of the session in a browser that also visits other ports of the host. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type App, startApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { simulatedReach } from '../../src/engine-simulator/address-policy.ts';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { describeInBrowser, type Watched } from '../support/browser.ts';
import { freePort } from '../support/free-port.ts';
import { makeDataDir, request, within } from '../support/portolan.ts';
import { createEngine } from '../support/simulated.ts';

describeInBrowser('signing in by the one-time link', (browser) => {
  let engine: Simulator;
  let app: App;
  let port: number;
  let other: Server;
  let watched: Watched;
  /** What the application on another port of the host was sent. */
  let received = '';

  beforeAll(async () => {
    engine = await createEngine();
    await engine.run({ name: 'web' });
    port = await freePort();
    const ports = ['--http-port', '0', '--api-port', String(port), '--workers', '1'];
    const config = readConfig(['--data-dir', makeDataDir(), '--docker-host', engine.host, ...ports], {});
    const logger = createLogger('error', 'json');
    app = await startApp(config, { version: 'test', logger, env: {}, reach: simulatedReach });
    other = createServer((incoming, answer) => {
      received = incoming.headers.cookie ?? '';
      answer.end('another application');
    });
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    watched = await browser.open(app.api.url);
  });
  afterAll(async () => {
    await watched?.close();
    other?.close();
    await app?.stop('the test is over');
    await engine?.stop();
  });
  const stop = (headers: Record<string, string>) =>
    request({
      port,
      method: 'POST',
      path: '/api/v1/containers/web/stop',
      headers: { Host: `127.0.0.1:${port}`, ...headers },
      body: undefined,
    });

  test('signs this window and the next in, and leaves no key in the address', async () => {
    const { page } = watched;
    await page.goto(app.api.signInUrl);
    await page.getByText('Signed in').waitFor();
    expect(page.url()).toBe(`${app.api.url}/`);
    const next = await page.context().newPage();
    await next.goto(`${app.api.url}/containers/web`);
    await next.getByText('Signed in').waitFor();
    await next.getByRole('log').getByText('started as web').waitFor();
    await next.getByRole('button', { name: 'stop web' }).click();
    await next.getByRole('button', { name: 'start web' }).waitFor();
  });

  test('an application on another port of the host receives the cookie, and can do nothing with it', async () => {
    const { page } = watched;
    await page.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`);
    const Cookie = await within(5_000, 'the cookie', async () => received);
    expect(Cookie).toMatch(/portolan-session-\d+=/);
    expect(await page.evaluate('Object.keys(localStorage)')).toEqual([]);
    expect((await stop({ Cookie })).status).toBe(401);
    await page.goto(app.api.url);
    await page.getByText('Signed in').waitFor();
  });

  test('signing out takes the key away, and the page goes on showing what needs none', async () => {
    const { page } = watched;
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await page.evaluate('Object.keys(localStorage)')).toEqual([]);
    await page.getByRole('link', { name: 'web.docker.localhost', exact: true }).waitFor();
  });
});
