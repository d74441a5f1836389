/** What comes live does not move what one reads, and goes on after a break. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { describeInBrowser, visitSignedIn, type Watched } from '../support/browser.ts';
import { cleanUp, type Portolan, within } from '../support/portolan.ts';
import { createEngine, routesEqual, serveOn } from '../support/simulated.ts';

/** How far what is shown has moved by itself, as browsers measure it: from 0.1 on people notice. */
const watchShifts = `globalThis.shifts = 0; new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.shifts += entry.value;
}).observe({ type: 'layout-shift', buffered: true });`;

describeInBrowser('the dashboard stays steady', (browser) => {
  let engine: Simulator;
  let portolan: Portolan;
  const opened: Watched[] = [];
  const visit = async (path: string): Promise<Page> => {
    const watched = await browser.open(`http://127.0.0.1:${portolan.apiPort}`);
    opened.push(watched);
    await watched.page.addInitScript(watchShifts);
    return visitSignedIn(watched, portolan.dataDir, path);
  };

  beforeAll(async () => {
    engine = await createEngine();
    portolan = await serveOn(engine);
    for (let number = 0; number < 20; number += 1) await engine.run({ name: `web-${number}` });
    await routesEqual(portolan, engine);
  });
  afterAll(async () => {
    for (const { close } of opened) await close();
    await cleanUp();
    await engine?.stop();
  });

  test('a page does not jump while its parts come in', async () => {
    const page = await visit('/');
    for (const path of [
      '/',
      '/routes/web-3.docker.localhost',
      '/containers/web-3',
      '/events/12',
      '/system',
    ]) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.locator('.breathing').first().waitFor({ state: 'detached' });
      await page.waitForTimeout(2_500);
      expect([path, Number(await page.evaluate('shifts')) < 0.03]).toEqual([path, true]);
    }
  });

  test('events that come in front do not move those that one has scrolled to', async () => {
    const page = await visit('/events');
    await page.getByRole('row').nth(20).waitFor();
    await page.evaluate("document.querySelector('.rows').scrollTo(0, 400)");
    const top = (position: string) =>
      page
        .getByRole('row')
        .filter({ has: page.getByRole('cell', { name: position, exact: true }) })
        .boundingBox();
    const read = (await page.getByRole('row').nth(12).getByRole('cell').first().innerText()).trim();
    const before = (await top(read))!.y;
    const head = (await portolan.events()).at(-1)!.position;
    await engine.containers.restart(engine.containers.get('web-1'));
    await within(
      5_000,
      'the events above',
      async () => Number(await page.evaluate("document.querySelector('.rows').scrollTop")) > 400,
    );
    expect((await portolan.events()).at(-1)!.position).toBeGreaterThan(head);
    expect(Math.abs((await top(read))!.y - before)).toBeLessThan(2);
  });

  test("what a container prints goes on after its restart, and after Portolan's", async () => {
    const page = await visit('/containers/web-2');
    const lines = page.getByRole('log').getByText('GET /printed');
    const ask = async (path: string): Promise<void> => {
      await portolan.answers('web-2.docker.localhost', 200, path);
      await lines.filter({ hasText: path }).first().waitFor();
    };
    await ask('/printed-before');
    await engine.containers.restart(engine.containers.get('web-2'));
    await ask('/printed-after');
    await portolan.kill();
    await page.getByRole('alert').getByText('Portolan does not answer').waitFor();
    portolan = await serveOn(engine, {
      dataDir: portolan.dataDir,
      args: ['--api-port', String(portolan.apiPort)],
    });
    await page.getByRole('alert').waitFor({ state: 'detached' });
    // It forgets who was signed in, and asks.
    await page.getByRole('button', { name: 'Sign in to read it' }).click();
    const token = readFileSync(join(portolan.dataDir, 'token'), 'utf8').trim();
    await page.getByLabel('Token').fill(token);
    await page.getByLabel('Token').press('Enter');
    await ask('/printed-again');
  });
});
