/** The dashboard without a mouse: where the focus is, where it comes back to, and what the tab is called. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { describeInBrowser, visitSignedIn, type Watched } from '../support/browser.ts';
import type { Portolan } from '../support/portolan.ts';
import { endService, serveContainers } from '../support/simulated.ts';

describeInBrowser('with the keyboard', (browser) => {
  let engine: Simulator;
  let portolan: Portolan;
  const opened: Watched[] = [];
  const visit = async (path: string, width: 390 | 1440 = 1440): Promise<Page> => {
    const watched = await browser.open(`http://127.0.0.1:${portolan.apiPort}`, { width, scheme: 'light' });
    opened.push(watched);
    return visitSignedIn(watched, portolan.dataDir, path);
  };
  /** The accessible name, or what it is. */
  const focused = (page: Page): Promise<string> =>
    page.evaluate(
      "document.activeElement.getAttribute('aria-label') ?? (document.activeElement.innerText || document.activeElement.tagName)",
    );

  beforeAll(async () => {
    ({ engine, portolan } = await serveContainers('web'));
  });
  afterAll(async () => {
    for (const { close } of opened) await close();
    await endService(engine);
  });

  test('the first thing leads past the navigation to the page', async () => {
    const page = await visit('/');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Skip to the page');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Search hosts, containers, owners');
  });

  test('everything that has the focus shows it', async () => {
    const page = await visit('/');
    await page.getByRole('link', { name: 'web.docker.localhost', exact: true }).waitFor();
    for (let turn = 0; turn < 20; turn += 1) {
      await page.keyboard.press('Tab');
      const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
      expect(outline, await focused(page)).not.toBe('none');
    }
  });

  test('a dialog keeps the focus, and gives it back, cancelled or closed', async () => {
    const page = await visit('/containers/web');
    for (const end of ['Escape', 'Cancel']) {
      await page.getByRole('button', { name: 'kill web' }).focus();
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', { name: 'Kill web?' });
      await dialog.waitFor();
      // Round the dialog's own, and the browser's, never into the page behind.
      for (let turn = 0; turn < 6; turn += 1) {
        await page.keyboard.press('Tab');
        expect(
          await page.evaluate(
            "document.activeElement === document.body || document.activeElement.closest('dialog') !== null",
          ),
        ).toBe(true);
      }
      if (end === 'Escape') await page.keyboard.press('Escape');
      else await dialog.getByRole('button', { name: 'Cancel' }).press('Enter');
      await dialog.waitFor({ state: 'detached' });
      expect([end, await focused(page)]).toEqual([end, 'kill web']);
    }
  });

  test('the button that stopped a container keeps the focus, and starts it again', async () => {
    const page = await visit('/containers/web');
    const button = (name: string) => page.getByRole('button', { name, exact: true });
    await button('stop web').press('Enter');
    await button('start web').waitFor();
    expect(await focused(page)).toBe('start web');
    await page.keyboard.press('Enter');
    await button('stop web').waitFor();
    expect(await focused(page)).toBe('stop web');
  });

  test('a link that is gone with its page leaves the focus on the new page', async () => {
    const page = await visit('/');
    await page.getByRole('link', { name: 'web.docker.localhost', exact: true }).press('Enter');
    await page.getByRole('heading', { level: 1, name: 'web.docker.localhost' }).waitFor();
    expect(await page.title()).toBe('web.docker.localhost · Portolan');
    expect(await page.evaluate('document.activeElement.id')).toBe('content');
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: 'Routes' }).waitFor();
    expect(await page.title()).toBe('Routes · Portolan');
  });

  test('on a phone the page that is shown is in sight among the others', async () => {
    const page = await visit('/system', 390);
    const { x, width } = (await page.getByRole('link', { name: 'System' }).boundingBox())!;
    expect(x + width).toBeLessThanOrEqual(390);
  });
});
