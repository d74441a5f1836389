/** The dashboard on a real engine: its containers shown, live and in the past, watched, stopped and brought back. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  describeInBrowser,
  flaws,
  keepPicture,
  type Look,
  signIn,
  type Watched,
} from '../support/browser.ts';
import { describeOnDocker, images } from '../support/docker.ts';
import { freePort } from '../support/free-port.ts';
import { cleanUp, type Portolan, startPortolan, within } from '../support/portolan.ts';

/** Serves, and prints a line a second. */
const chatty = 'while :; do echo tick; sleep 1; done & exec /bin/busybox httpd -f -p 80 -h /www';

const looks: readonly Look[] = [
  { width: 1440, scheme: 'light' },
  { width: 390, scheme: 'dark' },
];

describeOnDocker('on a real engine', (engine) => {
  describeInBrowser('the dashboard', (browser) => {
    let portolan: Portolan;
    let base: string;
    /** A moment at which all were up. */
    let allUp: string;
    const opened: Watched[] = [];
    const name = (suffix: string): string => `${engine.prefix}${suffix}`;
    const hostOf = (suffix: string): string => `${name(suffix)}.docker.localhost`;
    const run = async (suffix: string, ...args: string[]): Promise<void> => {
      await engine.cli('run', '-d', '--name', name(suffix), '--stop-timeout', '1', ...args);
      await portolan.answers(hostOf(suffix), 200);
    };
    const visit = async (path: string, look?: Look): Promise<Watched> => {
      const watched = await browser.open(base, look);
      opened.push(watched);
      await signIn(watched.page, portolan.dataDir);
      await watched.page.goto(path);
      return watched;
    };
    const command = (page: Page, verb: string, suffix: string) =>
      page.getByRole('button', { name: `${verb} ${name(suffix)}`, exact: true });

    beforeAll(async () => {
      // The error pages link to the dashboard: by the port that was asked for.
      const apiPort = await freePort();
      portolan = await startPortolan({ dockerHost: engine.host, args: ['--api-port', String(apiPort)] });
      base = `http://localhost:${apiPort}`;
      await run('web', images.web);
      await run('chatty', images.web, 'sh', '-c', chatty);
      await run('sick', images.health);
      allUp = `position:${(await portolan.events()).at(-1)!.position}`;
      await engine.cli('exec', name('sick'), 'sh', '-c', 'echo > /tmp/sick');
      await portolan.answers(hostOf('sick'), 503);
    });
    afterAll(async () => {
      for (const { close } of opened) await close();
      await engine.cleanUp();
      await cleanUp();
    });

    for (const look of looks) {
      test(`every page is whole at ${look.width} px, ${look.scheme}, live and in the past`, async () => {
        const { page, troubles } = await visit('/', look);
        const [closed] = await within(5_000, 'the closing in the log', async () =>
          (await portolan.events('RouteClosed')).slice(-1),
        );
        const pages: readonly (readonly [name: string, path: string, shows: string])[] = [
          ['routes', '/', hostOf('web')],
          ['route', `/routes/${hostOf('sick')}`, name('sick')],
          ['timeline', '/timeline', 'Timeline'],
          ['containers', '/containers', name('chatty')],
          ['container', `/containers/${name('web')}`, 'ContainerStarted'],
          // Of one host, or container: the engine is shared, and others' events are the newer ones.
          ['events', `/events?host=${hostOf('web')}`, 'RouteOpened'],
          ['event', `/events/${closed!.position}`, 'RouteClosed'],
          ['audit', `/audit?container=${name('web')}`, name('web')],
          ['resolve', `/resolve?url=${encodeURIComponent(`http://${hostOf('web')}/`)}`, name('web')],
          ['system', '/system', 'Projections'],
        ];
        for (const at of [null, allUp]) {
          const time = at === null ? 'live' : 'past';
          for (const [title, path, shows] of pages) {
            await page.goto(at === null ? path : `${path}${path.includes('?') ? '&' : '?'}at=${at}`);
            const where = `real-${title}-${time}-${look.width}-${look.scheme}`;
            await page
              .getByRole('main')
              .getByText(shows)
              .filter({ visible: true })
              .first()
              .waitFor()
              .catch((error: Error) => {
                throw new Error(`${where} does not show ${shows}: ${error.message}`);
              });
            await page.locator('.breathing').first().waitFor({ state: 'detached' });
            await keepPicture(page, where);
            expect.soft(await flaws(page, time), where).toEqual([]);
          }
        }
        expect(troubles).toEqual([]);
      });
    }

    test('what a container prints and uses is shown as it goes on', async () => {
      const { page } = await visit(`/containers/${name('chatty')}`);
      const ticks = page.getByRole('log').getByText('tick');
      await ticks.first().waitFor();
      const before = await ticks.count();
      await within(15_000, 'another line', async () => (await ticks.count()) > before);
      await page.getByText(/^CPU \d+\.\d %, memory \d+ MiB$/).waitFor();
      await page.getByRole('img', { name: 'CPU, in per cent of a core' }).waitFor();
      await keepPicture(page, 'real-logs-and-stats');
    });

    test('a stop and a start from the dashboard are seen on every page that is open, and stay in the audit', async () => {
      await engine.cli('start', name('web'));
      await portolan.answers(hostOf('web'), 200);
      const { page: routes } = await visit('/');
      const row = routes.getByRole('row').filter({ hasText: hostOf('web') });
      await row.getByText('open', { exact: true }).waitFor();
      const { page } = await visit(`/containers/${name('web')}`);
      await command(page, 'stop', 'web').click();
      await command(page, 'start', 'web').waitFor();
      await row.getByText('down', { exact: true }).waitFor();
      await portolan.answers(hostOf('web'), 503);
      await keepPicture(routes, 'real-stopped');
      await routes.goto(`/?at=${allUp}`);
      await row.getByText('open', { exact: true }).waitFor();
      await command(page, 'start', 'web').click();
      await command(page, 'stop', 'web').waitFor();
      await portolan.answers(hostOf('web'), 200);
      await page.goto(`/audit?container=${name('web')}&actor=api`);
      for (const done of ['start', 'stop'])
        await page
          .getByRole('row')
          .filter({ has: page.getByRole('link', { name: done, exact: true }) })
          .getByText('succeeded')
          .waitFor();
    });

    test('the error page of a stopped container leads to where it is started again', async () => {
      const { page } = await visit('/');
      await engine.cli('stop', name('chatty'));
      // At the signal it is said to be ending; once it has ended, since when.
      await within(8_000, 'since when it is down', async () =>
        (await portolan.get(hostOf('chatty'))).body.includes('has had no upstream since'),
      );
      const url = `http://${hostOf('chatty')}:${portolan.port}/`;
      expect((await page.goto(url))?.status()).toBe(503);
      await page.getByText(`${hostOf('chatty')} has had no upstream since`).waitFor();
      // On a busy machine the page comes without it: nobody is kept waiting.
      await within(15_000, 'the page that says when it was served', async () => {
        await page.goto(url);
        return (await page.getByText('It was served before:').count()) > 0;
      });
      await page
        .getByRole('cell', { name: name('chatty') })
        .first()
        .waitFor();
      await keepPicture(page, 'real-error-page');
      await page.getByRole('link', { name: `What happened to ${hostOf('chatty')}` }).click();
      await page.getByRole('heading', { level: 1, name: hostOf('chatty') }).waitFor();
      await command(page, 'start', 'chatty').waitFor();
      await keepPicture(page, 'real-start-again');
      await command(page, 'start', 'chatty').click();
      await page.getByRole('main').getByText('open', { exact: true }).first().waitFor();
      await portolan.answers(hostOf('chatty'), 200);
      expect((await page.goto(url))?.status()).toBe(200);
      await page.getByText('portolan test web').waitFor();
    });

    test('a container that is removed elsewhere leaves the list, and its page says so', async () => {
      // Of its own at each try.
      const brief = `brief-${Date.now()}`;
      await run(brief, images.web);
      const { page } = await visit(`/containers/${name(brief)}`);
      await command(page, 'stop', brief).waitFor();
      await engine.cli('rm', '-f', name(brief));
      await page.getByText('The engine has no such container any more').waitFor();
      await page.getByRole('link', { name: 'Containers', exact: true }).click();
      await page
        .getByRole('row')
        .filter({ hasText: name('web') })
        .waitFor();
      await page
        .getByRole('row')
        .filter({ hasText: name(brief) })
        .waitFor({ state: 'detached' });
    });
  });
});
