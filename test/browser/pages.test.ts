/** Every page, live and in the past, light and dark, on a desk and on a phone: whole, accessible, from one origin. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { populate } from '../../src/engine-simulator/scenes.ts';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { describeInBrowser, flaws, keepPicture, looks, signIn } from '../support/browser.ts';
import { cleanUp, type Portolan, within } from '../support/portolan.ts';
import { createEngine, serveOn } from '../support/simulated.ts';

describeInBrowser('the pages of the dashboard', (browser) => {
  let engine: Simulator;
  let portolan: Portolan;
  let base: string;
  let pages: readonly [name: string, path: string, heading: RegExp][];
  let past: string;

  beforeAll(async () => {
    engine = await createEngine();
    portolan = await serveOn(engine);
    base = `http://127.0.0.1:${portolan.apiPort}`;
    await populate(engine);
    engine.containers.setHealth(engine.containers.get('slow-starter'), 'healthy');
    await portolan.answers('slow-starter.docker.localhost', 200);
    await engine.containers.stop(engine.containers.get('shop-web-1'));
    await portolan.answers('shop-web-1.docker.localhost', 503);
    past = `position:${(await portolan.events()).at(-1)!.position}`;
    await portolan.api('POST', '/containers/visitor/stop');
    await portolan.answers('visitor.docker.localhost', 503);
    const [closed] = await within(5_000, 'the closing to be in the log', async () =>
      (await portolan.events('RouteClosed')).slice(-1),
    );
    pages = [
      ['routes', '/', /^Routes$/],
      ['route', '/routes/visitor.docker.localhost', /^visitor\.docker\.localhost$/],
      ['timeline', '/timeline', /^Timeline$/],
      ['containers', '/containers', /^Containers/],
      ['container', '/containers/shop-api-1', /^shop-api-1$/],
      ['events', '/events', /^Events$/],
      ['event', `/events/${closed!.position}`, /^RouteClosed$/],
      ['audit', '/audit', /^Audit$/],
      ['resolve', '/resolve?url=http%3A%2F%2Fwww.shop.docker.localhost%2Fapi', /^Resolve$/],
      ['system', '/system', /^System$/],
    ];
  });
  afterAll(async () => {
    await cleanUp();
    await engine?.stop();
  });

  for (const look of looks) {
    test(`are whole at ${look.width} px, ${look.scheme}`, async () => {
      const { page, troubles, close } = await browser.open(base, look);
      page.on('response', (response) => {
        if (response.status() >= 400) troubles.push(`${response.status()} for ${response.url()}`);
      });
      await signIn(page, portolan.dataDir);
      for (const at of [null, past]) {
        for (const [name, path, heading] of pages) {
          const moment = at === null ? '' : `${path.includes('?') ? '&' : '?'}at=${at}`;
          await page.goto(path + moment);
          await page.getByRole('heading', { level: 1, name: heading }).waitFor();
          await page.locator('.breathing').first().waitFor({ state: 'detached' });
          await page.waitForLoadState('load');
          const where = `${name}-${at === null ? 'live' : 'past'}-${look.width}-${look.scheme}`;
          await keepPicture(page, where);
          expect.soft(await flaws(page, at === null ? 'live' : 'past'), where).toEqual([]);
        }
      }
      expect(troubles).toEqual([]);
      await close();
    });
  }
});
