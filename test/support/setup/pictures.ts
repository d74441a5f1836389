/** `npm run pictures`: the demo as it looks, for README and docs. Needs Chromium; writes docs/pictures/*.png. */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { launch, open } from '../browser.ts';

const root = join(import.meta.dirname, '../../..');
const folder = join(root, 'docs/pictures');
const apiPort = 18_380;
const base = `http://127.0.0.1:${apiPort}`;

const shots: readonly (readonly [name: string, path: string, show: (page: Page) => Promise<unknown>])[] = [
  ['routes', '/', (page) => page.getByText('visitor').first().waitFor()],
  ['route', '/routes/visitor.docker.localhost', (page) => page.getByText('Why').first().waitFor()],
  ['timeline', '/timeline', (page) => page.getByRole('heading', { name: 'Timeline' }).waitFor()],
];

const demo = spawn(
  process.execPath,
  [join(root, 'src/engine-simulator/demo.ts'), '--http-port', '18300', '--api-port', String(apiPort)],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
const browser = await launch();
try {
  await ready();
  // Until some of what comes and goes has come and gone.
  await sleep(45_000);
  mkdirSync(folder, { recursive: true });
  for (const [name, path, show] of shots) {
    const { page, close } = await open(browser, base, { width: 1440, scheme: 'light' });
    await page.goto(path);
    await show(page);
    await sleep(1_500);
    await page.screenshot({ path: join(folder, `${name}.png`) });
    await close();
    console.log(`docs/pictures/${name}.png`);
  }
} finally {
  await browser.close();
  demo.kill();
}

async function ready(): Promise<void> {
  for (let turn = 0; turn < 150; turn += 1) {
    const answers = await fetch(`${base}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answers) return;
    await sleep(200);
  }
  throw new Error('the demo does not answer');
}
