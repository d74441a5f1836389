/** What the dashboard holds against each other: projections and log, one policy and another, a container and its forerunner. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../src/db/open.ts';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { projectionsPath } from '../../src/projections/file.ts';
import { describeInBrowser, flaws, keepPicture, visitSignedIn, type Watched } from '../support/browser.ts';
import { cleanUp, type Portolan, within } from '../support/portolan.ts';
import { createEngine, hears, routesEqual, serveOn } from '../support/simulated.ts';

/** More than fit on one page of a table. */
const many = 30;

describeInBrowser('the dashboard compares', (browser) => {
  let engine: Simulator;
  let portolan: Portolan;
  const opened: Watched[] = [];
  const visit = async (path: string): Promise<Page> => {
    const watched = await browser.open(`http://127.0.0.1:${portolan.apiPort}`);
    opened.push(watched);
    return visitSignedIn(watched, portolan.dataDir, path);
  };

  beforeAll(async () => {
    engine = await createEngine();
    portolan = await serveOn(engine);
    await hears(portolan);
    await engine.run({ name: 'web', labels: { 'portolan.host': 'shop.localhost' } });
    await portolan.answers('shop.localhost', 200);
    await engine.containers.remove(engine.containers.get('web'), true);
    await portolan.answers('shop.localhost', 503);
    await engine.run({ name: 'web', labels: { 'portolan.host': 'store.localhost' } });
    for (let number = 0; number < many; number += 1) await engine.run({ name: `many-${number}` });
    await routesEqual(portolan, engine, 10_000);
  });
  afterAll(async () => {
    for (const { close } of opened) await close();
    await cleanUp();
    await engine?.stop();
  });

  test('the projections with the log: the row that is not as it should be, field by field', async () => {
    const page = await visit('/system');
    await page.getByRole('button', { name: 'compare' }).click();
    await page.getByText('no difference').waitFor();
    const db = openDatabase(projectionsPath(portolan.dataDir), { synchronous: 'NORMAL' });
    db.prepare("UPDATE routes SET owner = 'mallory' WHERE host = 'many-7.docker.localhost'").run();
    db.close();
    await page.getByRole('button', { name: 'compare' }).click();
    await page.getByText('1 difference', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Show what differs' }).click();
    const row = page.getByRole('region', { name: 'What differs' }).getByRole('row').nth(1);
    await row.getByText('owner: mallory → many-7').waitFor();
    expect(await row.getByRole('cell').first().innerText()).toBe('routes');
    await keepPicture(page, 'compared');
    expect(await flaws(page, 'live')).toEqual([]);
    // Which one is opened is in the address.
    await page.reload();
    await row.getByText('owner: mallory → many-7').waitFor();
    await page.getByRole('button', { name: 'Hide what differs' }).click();
    await row.waitFor({ state: 'detached' });
  });

  test('the policy with another one: which routes would have been others, and when, page by page', async () => {
    const page = await visit('/system');
    await page.getByRole('button', { name: 'what-if' }).click();
    const dialog = page.getByRole('dialog', { name: 'Under another policy' });
    expect(await dialog.getByRole('button', { name: 'Decide again' }).isDisabled()).toBe(true);
    await dialog.getByLabel('Domain').fill('test.example');
    await dialog.getByRole('button', { name: 'Decide again' }).click();
    await page.getByText('--domain test.example').waitFor();
    await page.getByText(/^\d\d differences$/).waitFor();
    await page.getByRole('button', { name: 'Show what differs' }).first().click();
    const region = page.getByRole('region', { name: 'What differs' });
    await region
      .getByRole('status')
      .getByText(/^1 to 50 of \d\d$/)
      .waitFor();
    const rows = region.getByRole('row');
    expect(await rows.count()).toBe(51);
    await keepPicture(page, 'what-if');
    expect(await flaws(page, 'live')).toEqual([]);
    await region.getByRole('button', { name: 'Further routes' }).click();
    await region
      .getByRole('status')
      .getByText(/^51 to \d\d of \d\d$/)
      .waitFor();
    await rows.filter({ hasText: 'many-29.test.example' }).getByText('would be there').waitFor();
    await rows.filter({ hasText: 'many-29.docker.localhost' }).getByText('would not be there').waitFor();
  });

  test('what a what-if cannot take is said', async () => {
    const page = await visit('/system');
    await page.getByRole('button', { name: 'what-if' }).click();
    await page.getByRole('dialog').getByLabel('Domain').fill('not a host');
    await page.getByRole('dialog').getByRole('button', { name: 'Decide again' }).click();
    await page.getByRole('alert').getByText('domain').waitFor();
  });

  test('the audit goes back as far as one asks', async () => {
    for (let turn = 0; turn < 4; turn += 1)
      for (let number = 0; number < many; number += 1)
        await engine.containers.restart(engine.containers.get(`many-${number}`));
    await routesEqual(portolan, engine, 10_000);
    const page = await visit('/audit');
    const rows = page.getByRole('region', { name: 'Entries' }).getByRole('row');
    const older = page.getByRole('button', { name: 'Older entries' });
    await older.waitFor();
    expect(await rows.count()).toBe(101);
    for (let listed = 101; await older.isVisible(); listed = await rows.count()) {
      await older.click();
      await rows.nth(listed).waitFor();
      await page.getByText('asking…').waitFor({ state: 'detached' });
    }
    expect(await rows.count()).toBeGreaterThan(4 * many + 1);
    await rows.last().getByText('web').waitFor();
    // What happens meanwhile is added in front, and nothing of the rest is lost.
    const before = await rows.count();
    await engine.containers.stop(engine.containers.get('many-3'));
    await rows.nth(1).getByRole('link', { name: 'many-3' }).waitFor();
    expect(await rows.count()).toBe(before + 1);
  });

  test('a container with the one that had its name before, on its page and in the audit', async () => {
    const page = await visit('/containers/web');
    const rows = page.getByRole('region', { name: 'Incarnations' }).getByRole('row');
    const change = 'labels.portolan.host: shop.localhost → store.localhost';
    await rows.nth(1).getByText(change).waitFor();
    await rows.nth(2).getByText('the first that is known').waitFor();
    await rows.nth(2).getByRole('link', { name: 'remove' }).waitFor();
    await keepPicture(page, 'incarnations');
    expect(await flaws(page, 'live')).toEqual([]);
    const before = await within(5_000, 'the removal in the log', async () =>
      (await portolan.events('ContainerDestroyed')).at(0),
    );
    await page.goto(`/containers/web?at=position:${before.position - 1}`);
    await rows.nth(1).getByText('the first that is known').waitFor();
    expect(await rows.count()).toBe(2);
    await page.goto('/audit?container=web');
    const entries = page.getByRole('row').filter({ hasText: 'what changed' });
    await entries.first().getByRole('button', { name: 'what changed with web' }).click();
    await entries.first().getByText(change).waitFor();
    await entries.last().getByRole('button', { name: 'what changed with web' }).click();
    await entries.last().getByText('Nothing had this name before.').waitFor();
    await keepPicture(page, 'audit-changes');
    expect(await flaws(page, 'live')).toEqual([]);
  });
});
