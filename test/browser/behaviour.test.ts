/** What one does with the dashboard: going back in time, searching, commanding, and what it does when Portolan is away. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { describeInBrowser, keepPicture, signIn, type Watched } from '../support/browser.ts';
import { cleanUp, type Portolan } from '../support/portolan.ts';
import { createEngine, routesEqual, serveOn } from '../support/simulated.ts';

describeInBrowser('the dashboard', (browser) => {
  let engine: Simulator;
  let portolan: Portolan;
  let base: string;
  const opened: Watched[] = [];
  const open = async (path: string): Promise<Page> => {
    const watched = await browser.open(base);
    opened.push(watched);
    await watched.page.goto(path);
    await watched.page.getByRole('heading', { level: 1 }).waitFor();
    return watched.page;
  };

  beforeAll(async () => {
    engine = await createEngine();
    portolan = await serveOn(engine);
    base = `http://127.0.0.1:${portolan.apiPort}`;
  });
  afterAll(async () => {
    for (const { close } of opened) await close();
    await cleanUp();
    await engine?.stop();
  });

  test('teaches while there is nothing, and shows a container as soon as it runs', async () => {
    const page = await open('/');
    await page.getByText('docker run -d --name nginx1 nginx').waitFor();
    await keepPicture(page, 'empty');
    const time = await open('/timeline');
    await time.getByText('Nothing was served in this time.').waitFor();
    // There is something to drag, so that one comes back from where nothing was.
    expect((await time.locator('canvas').boundingBox())?.height).toBeGreaterThan(100);
    await engine.run({ name: 'web' });
    await engine.run({ name: 'other' });
    await time.getByRole('link', { name: 'web', exact: true }).waitFor();
    await page.getByRole('link', { name: 'web.docker.localhost', exact: true }).waitFor();
    await routesEqual(portolan, engine);
  });

  test('a stop is seen without being asked for, and the search finds what is down', async () => {
    const page = await open('/');
    await page.getByRole('link', { name: 'other.docker.localhost', exact: true }).waitFor();
    await engine.containers.stop(engine.containers.get('other'));
    const row = page.getByRole('row').filter({ hasText: 'other.docker.localhost' });
    await row.getByText('down').waitFor();
    await page.getByRole('searchbox').fill('down');
    await page
      .getByRole('link', { name: 'web.docker.localhost', exact: true })
      .waitFor({ state: 'detached' });
    await row.waitFor();
  });

  test('a moment that is none is explained, for as long as one is at it', async () => {
    const page = await open('/events');
    await page.getByLabel('Go to a moment').fill('nonsense');
    await page.keyboard.press('Enter');
    await page.getByText('A moment is').waitFor();
    await page.getByRole('link', { name: 'Routes', exact: true }).click();
    await page.getByText('A moment is').waitFor({ state: 'detached' });
  });

  test('a moment is typed, stands in the address, and is left again', async () => {
    const page = await open('/events');
    await page.getByLabel('Go to a moment').fill('#3');
    await page.keyboard.press('Enter');
    await page.getByText('The past:').waitFor();
    expect(new URL(page.url()).searchParams.get('at')).toBe('position:3');
    await page.getByRole('button', { name: 'One event on' }).click();
    await expectAt(page, 'position:4');
    await page.getByRole('link', { name: 'Audit' }).click();
    await page.getByRole('heading', { name: 'Audit' }).waitFor();
    await expectAt(page, 'position:4');
    await page.getByRole('button', { name: 'back to live' }).click();
    await expectAt(page, null);
    await page.getByLabel('Go to a moment').fill('the day after');
    await page.keyboard.press('Enter');
    await page.locator('input[aria-invalid=true]').waitFor();
    await page.getByRole('alert').getByText('10 min ago').waitFor();
  });

  test('a moment is chosen by the keyboard on the scale, and by clicking an event', async () => {
    const page = await open('/events');
    await page.getByRole('slider').focus();
    await page.keyboard.press('ArrowLeft');
    await page.getByText('The past:').waitFor();
    await page.keyboard.press('End');
    await expectAt(page, null);
    await page.getByRole('row').nth(1).locator('.instant').click();
    await page.getByText('The past:').waitFor();
    expect(new URL(page.url()).searchParams.get('at')).toMatch(/^position:\d+$/);
  });

  test('a command asks who one is, is run, and one that cannot be undone is asked about', async () => {
    const page = await open('/containers/other');
    await page.getByRole('button', { name: 'start other' }).click();
    await page.getByRole('dialog', { name: 'Sign in' }).waitFor();
    await page.keyboard.press('Escape');
    await signIn(page, portolan.dataDir);
    await page.reload();
    await page.getByText('Signed in').waitFor();
    await page.getByRole('button', { name: 'start other' }).click();
    await page.getByRole('button', { name: 'stop other' }).waitFor();
    await page.getByRole('button', { name: 'remove other' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'remove other' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'remove other' }).click();
    await page.getByText('The engine has no such container any more').waitFor();
  });

  test('what is wrong with a container now is said on pages of now, and not on those of the past', async () => {
    await engine.run({ name: 'typing', labels: { 'portolan.hots': 'shop.test' } });
    const page = await open('/');
    const banner = page.locator('.banner').filter({ hasText: 'portolan.hots' });
    await banner.waitFor();
    await page.getByLabel('Go to a moment').fill('#3');
    await page.keyboard.press('Enter');
    await page.getByText('The past:').waitFor();
    await banner.waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'System', exact: true }).click();
    await page.getByText('as they are now').waitFor();
    await banner.waitFor();
    await engine.containers.remove(engine.containers.get('typing'), true);
  });

  test('a host opens on the port that the proxy has', async () => {
    const page = await open('/');
    const link = page.getByRole('link', { name: 'Open web.docker.localhost in a new tab' });
    expect(await link.getAttribute('href')).toBe(`http://web.docker.localhost:${portolan.port}/`);
  });

  test('a container that is unhealthy is not said to be well where its host is down', async () => {
    await engine.run({ name: 'sick', healthcheck: true });
    engine.containers.setHealth(engine.containers.get('sick'), 'healthy');
    const page = await open('/');
    await page.getByRole('row').filter({ hasText: 'sick.docker.localhost' }).getByText('open').waitFor();
    engine.containers.setHealth(engine.containers.get('sick'), 'unhealthy');
    await page.getByRole('row').filter({ hasText: 'sick.docker.localhost' }).getByText('down').waitFor();
    await page.goto('/routes/sick.docker.localhost');
    const last = page.locator('section').filter({ hasText: 'Served it last' });
    await last.getByText('unhealthy', { exact: true }).waitFor();
  });

  test('of what was caused, who did each stands in whole words at the end of its line', async () => {
    const page = await open('/audit');
    await page.locator('summary').first().click();
    const actor = page.locator('.consequences .actor').filter({ hasText: 'portolan' }).first();
    await actor.waitFor();
    expect(await actor.evaluate((cell) => cell.scrollWidth <= cell.clientWidth)).toBe(true);
    const about = page.locator('.consequences .about').first();
    const [left, right] = [(await about.boundingBox())!.x, (await actor.boundingBox())!.x];
    expect(right).toBeGreaterThan(left);
  });

  test('who is signed in signs out', async () => {
    const page = await open('/containers');
    await signIn(page, portolan.dataDir);
    await page.reload();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await page.getByRole('button', { name: 'stop web' }).click();
    await page.getByRole('dialog', { name: 'Sign in' }).waitFor();
  });

  test('what there is not is said to be so, with the way on, and is asked for a few times only', async () => {
    const page = await open('/routes/wbe.docker.localhost');
    await page.getByText(/web\.docker\.localhost.* near\./).waitFor();
    await page.goto('/nowhere');
    await page.getByRole('heading', { level: 1, name: 'There is no such page' }).waitFor();
    let asked = 0;
    page.on('request', (request) => {
      if (request.url().includes('/containers/nobody')) asked += 1;
    });
    await page.goto('/containers/nobody');
    await page.getByText('Neither the engine nor the log knows a container of this name').waitFor();
    await page.waitForTimeout(1_000);
    expect(asked).toBeLessThan(10);
  });

  test('before the log begins it says when that was', async () => {
    const page = await open('/?at=2020-01-01T00:00:00Z');
    await page.getByText('The past: 1 Jan 2020').waitFor();
    await page.getByText('The log begins at').getByRole('button').click();
    await page.getByText('The past: ').waitFor();
    expect(Date.parse(new URL(page.url()).searchParams.get('at')!)).toBeGreaterThan(Date.parse('2026-01-01'));
  });

  test('a container is run from a form, and its output is read', async () => {
    const page = await open('/containers');
    await signIn(page, portolan.dataDir);
    await page.reload();
    await page.getByText('Signed in').waitFor();
    await page.getByRole('button', { name: 'Run a container' }).click();
    await page.getByLabel('Image').fill('web');
    await page.getByLabel('Name').fill('fresh');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('heading', { name: 'fresh' }).waitFor();
    await page.getByRole('link', { name: 'fresh.docker.localhost', exact: true }).waitFor();
    await page.getByRole('log').waitFor();
  });

  test('a connection that breaks once is tried again, and Portolan is not said to be away', async () => {
    const { page } = opened[opened.push(await browser.open(base)) - 1]!;
    const broken = new Set<string>();
    await page.route('**/api/v1/**', (route) => {
      const url = route.request().url();
      if (broken.has(url)) return route.continue();
      broken.add(url);
      return route.abort('connectionreset');
    });
    await page.goto('/');
    await page.getByRole('link', { name: 'web.docker.localhost', exact: true }).waitFor();
    await page.locator('.live').waitFor();
    expect(broken.size).toBeGreaterThan(3);
    expect(await page.getByRole('alert').allInnerTexts()).toEqual([]);
  });

  test('says that Portolan is away, and comes back by itself', async () => {
    const page = await open('/');
    await page.getByRole('link', { name: 'web.docker.localhost', exact: true }).waitFor();
    await portolan.kill();
    await page.getByText('Portolan does not answer').waitFor();
    await keepPicture(page, 'away');
    // What was shown last stays, on the other pages, too, and nothing says that it could not be shown.
    await page.getByRole('link', { name: 'web.docker.localhost', exact: true }).waitFor();
    expect(await page.getByText('cannot be shown').count()).toBe(0);
    portolan = await serveOn(engine, {
      dataDir: portolan.dataDir,
      args: ['--api-port', String(portolan.apiPort)],
    });
    await page.getByText('Portolan does not answer').waitFor({ state: 'detached' });
    await page.locator('.live').waitFor();
    await engine.run({ name: 'later' });
    await page.getByRole('link', { name: 'later.docker.localhost', exact: true }).waitFor();
  });

  test('says that Portolan is away when it hangs, which breaks no connection', async () => {
    const { page } = opened[opened.push(await browser.open(base)) - 1]!;
    await page.clock.install();
    await page.goto('/');
    await page.getByText('Live', { exact: true }).waitFor();
    portolan.process.kill('SIGSTOP');
    try {
      const says = page.getByText('Portolan does not answer');
      for (let waited = 0; waited < 60 && (await says.count()) === 0; waited += 5)
        await page.clock.runFor(5_000);
      await says.waitFor();
    } finally {
      portolan.process.kill('SIGCONT');
    }
    await page.clock.runFor(10_000);
    await page.getByText('Portolan does not answer').waitFor({ state: 'detached' });
    await page.getByText('Live', { exact: true }).waitFor();
  });

  test('the first view is under 150 kB', async () => {
    const { page } = opened[opened.push(await browser.open(base)) - 1]!;
    const client = await page.context().newCDPSession(page);
    await client.send('Network.enable');
    let bytes = 0;
    client.on('Network.loadingFinished', ({ encodedDataLength }) => {
      bytes += encodedDataLength;
    });
    await page.goto('/');
    await page.getByRole('link', { name: 'web.docker.localhost', exact: true }).waitFor();
    await page.evaluate('document.fonts.ready.then(() => 0)');
    expect(bytes).toBeGreaterThan(30_000);
    expect(bytes).toBeLessThan(150_000);
    process.stderr.write(`the first view of the dashboard: ${Math.round(bytes / 1_000)} kB\n`);
  });

  const expectAt = (page: Page, at: string | null): Promise<unknown> =>
    page.waitForURL((url) => url.searchParams.get('at') === at);
});
