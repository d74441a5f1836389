/** How long until a page of the dashboard can be used, with 1,000 routes and a million events in the log? */
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { createSimulator, type Simulator } from '../src/engine-simulator/simulator.ts';
import { launch, open, signIn } from '../test/support/browser.ts';
import { cleanUp, type Portolan, startPortolan, within } from '../test/support/portolan.ts';
import { benchFolder } from './support/folder.ts';
import { engine as engineId } from './support/lifecycles.ts';
import { fillLongLog } from './support/long-log.ts';
import { type Figures, median, print } from './support/report.ts';

const events = Number(process.env['EVENTS'] ?? 1_000_000);
const routes = Number(process.env['ROUTES'] ?? 1_000);
const rounds = Number(process.env['ROUNDS'] ?? 3);
/** Of pages, by their names; all if not given. */
const only = process.env['ONLY']?.split(',');
/** A folder to keep, and to look at again the next time. */
const kept = process.env['FOLDER'];

const dataDir = kept ?? benchFolder();
const simulator = createSimulator({
  socketPath: join(benchFolder(), 'engine.sock'),
  id: engineId,
});
let browser: Browser | null = null;
try {
  fillLongLog(dataDir, { events, containers: routes });
  await fillEngine(simulator);
  const portolan = await startPortolan({ dockerHost: simulator.host, simulated: true, dataDir });
  const settled = await settle(portolan);
  browser = await launch();
  print(
    `milliseconds until a page can be used, median of ${rounds}: ${settled.routes} open routes, ${settled.head} events (wanted: 1,000)`,
    await look(browser, portolan),
  );
} finally {
  await browser?.close();
  await cleanUp();
  await simulator.stop();
}

/** Containers with the names that the log has. */
async function fillEngine(engine: Simulator): Promise<void> {
  await engine.start();
  for (let index = 0; index < routes; index += 1) {
    const project = `shop-${index % 7}`;
    const labels =
      index % 3 === 0
        ? { 'com.docker.compose.project': project, 'com.docker.compose.service': `web-${index}` }
        : {};
    await engine.run({ name: `${project}-web-${index}`, labels });
  }
}

/** Until what the engine's first list brought is routed and projected. */
function settle(portolan: Portolan): Promise<{ routes: number; head: number }> {
  return within(120_000, `${routes} routes`, async () => {
    const { log, projections } = await portolan.json<{
      log: { position: number };
      projections: { position: number }[];
    }>('/system');
    const { items } = await portolan.json<{ items: { state: string }[] }>('/routes?limit=1000');
    const open = items.filter(({ state }) => state === 'open').length;
    const projected = projections.every(({ position }) => position === log.position);
    return open >= routes && projected && { routes: open, head: log.position };
  });
}

async function look(chromium: Browser, portolan: Portolan): Promise<Figures> {
  const middle = `position:${Math.floor(events / 2)}`;
  const name = 'shop-1-web-1';
  const host = `${name}.docker.localhost`;
  /** What is on a page once it has its data. */
  const pages: readonly (readonly [name: string, path: string, content: string])[] = [
    ['routes', '/', '.line.route .name a'],
    ['route', `/routes/${host}`, '.interval-bar'],
    ['timeline', '/timeline', 'canvas'],
    ['containers', '/containers', '.line:is(.container, .served) .name a'],
    ['container', `/containers/${name}`, '.line.event a'],
    ['events', '/events', '.line.event a'],
    ['event', `/events/${Math.floor(events / 3)}`, 'dl.facts dd'],
    ['audit', '/audit', 'table.plain td a'],
    ['resolve', `/resolve?url=${encodeURIComponent(`http://${host}/`)}`, 'main .sheet'],
    ['system', '/system', 'dl.facts dd'],
  ];
  const figures: Record<string, number> = {};
  for (const [title, path, content] of pages) {
    if (only !== undefined && !only.includes(title)) continue;
    for (const at of [null, middle]) {
      const url = at === null ? path : `${path}${path.includes('?') ? '&' : '?'}at=${at}`;
      const times: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const { page, close } = await open(chromium, `http://127.0.0.1:${portolan.apiPort}`);
        await signIn(page, portolan.dataDir);
        times.push(await usableAfter(page, url, content));
        await close();
      }
      figures[`${title}, ${at === null ? 'live' : 'in the past'}`] = median(times);
    }
  }
  return figures;
}

/** From the navigation, nothing cached, until the content is painted and the page has had no long task for half a second. */
async function usableAfter(page: Page, url: string, content: string): Promise<number> {
  await page.addInitScript(`
    globalThis.busyUntil = 0;
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) globalThis.busyUntil = startTime + duration;
    }).observe({ type: 'longtask', buffered: true });`);
  await page.goto(url, { waitUntil: 'commit' });
  return page.evaluate(`new Promise((resolve, reject) => {
    const shown = () => document.querySelector(${JSON.stringify(content)}) !== null
      && document.querySelector('.breathing') === null;
    const settle = (at) => setTimeout(() => {
      const until = Math.max(at, globalThis.busyUntil);
      if (performance.now() - until >= 500) resolve(until);
      else settle(at);
    }, 100);
    const look = () => {
      if (shown()) setTimeout(() => settle(performance.now()));
      else if (performance.now() > 30000) reject(new Error(location + ' shows no ' + ${JSON.stringify(content)}));
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  })`);
}
