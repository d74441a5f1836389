/** Chromium for the tests of the dashboard: Debian's own, or skipped loudly; and what must hold for every page. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';

const executable = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const root = new URL('../../', import.meta.url).pathname;
/** Build output: every page as it was seen. */
const pictures = join(root, 'test-results', 'browser');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface Look {
  readonly width: 390 | 1440;
  readonly scheme: 'light' | 'dark';
}

export const looks: readonly Look[] = [
  { width: 1440, scheme: 'light' },
  { width: 1440, scheme: 'dark' },
  { width: 390, scheme: 'light' },
  { width: 390, scheme: 'dark' },
];

/** A page, and what went wrong on it. */
export interface Watched {
  readonly page: Page;
  /** Exceptions, refused by the content policy, or requested from elsewhere. */
  readonly troubles: string[];
  close(): Promise<void>;
}

export interface TestBrowser {
  /** @param base where the API answers; nothing else may be asked */
  open(base: string, look?: Look): Promise<Watched>;
}

/** Runs the suite in Chromium, on a dashboard that is built. Skipped with a word, or failed with `REQUIRE_BROWSER=1`. */
export function describeInBrowser(name: string, suite: (browser: TestBrowser) => void): void {
  if (!existsSync(executable)) {
    const problem = `no Chromium at ${executable}: run \`npm run test:setup\` (Debian, root), or set CHROMIUM`;
    if (process.env['REQUIRE_BROWSER'] === '1') {
      describe(name, (): never => {
        throw new Error(`${problem} (REQUIRE_BROWSER=1)`);
      });
      return;
    }
    process.stderr.write(`SKIPPED ${name}: ${problem}\n`);
    describe.skip(name, () => suite({ open: () => Promise.reject(new Error(problem)) }));
    return;
  }
  describe(name, () => {
    let browser: Browser;
    beforeAll(async () => {
      await promisify(execFile)(process.execPath, [join(root, 'src/dashboard/build.ts'), '--if-stale']);
      browser = await launch();
    });
    afterAll(() => browser?.close());
    suite({ open: (base, look) => open(browser, base, look) });
  });
}

export const launch = (): Promise<Browser> => chromium.launch({ executablePath: executable, args: flags });

export async function open(browser: Browser, base: string, look: Look = looks[0]!): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width: look.width, height: look.width === 390 ? 844 : 900 },
    colorScheme: look.scheme,
    reducedMotion: 'reduce',
    baseURL: base,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(`exception: ${error.message}`));
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) troubles.push(message.text());
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.origin !== new URL(base).origin)
      troubles.push(`asked ${request.url()}`);
  });
  return { page, troubles, close: () => context.close() };
}

export async function keepPicture(page: Page, name: string): Promise<void> {
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

/** What axe-core finds, in short. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const run = (globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } }).axe.run;
    interface Violation {
      readonly id: string;
      readonly help: string;
      readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
    }
    const { violations: found } = await run();
    return found.flatMap(({ id, help, nodes }) =>
      nodes
        .slice(0, 3)
        .map(({ html, failureSummary }) => `${id}: ${help}: ${html.slice(0, 200)} ${failureSummary}`),
    );
  });
}

/** What is wrong with a page that should be whole: what it says of errors, what axe-core finds, its width, its time. */
export async function flaws(page: Page, time: 'live' | 'past'): Promise<string[]> {
  const wider = await overflow(page);
  const shown = await page.evaluate('document.documentElement.dataset.time');
  return [
    ...(await page.getByRole('alert').allInnerTexts()),
    ...(await violations(page)),
    ...(wider > 0 ? [`${wider} pixels wider than the window`] : []),
    ...(await unreadable(page)),
    ...(shown === time ? [] : [`shows ${shown}`]),
  ];
}

/** Parts of a line that lie over each other, and what is cut with no way to see the rest. */
const unreadable = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const { document, getComputedStyle } = globalThis as unknown as Window;
    const found: string[] = [];
    for (const line of document.querySelectorAll('.line')) {
      const parts = [...line.children]
        .filter((part) => part.textContent.trim() !== '' && getComputedStyle(part).display !== 'none')
        .map((part) => ({ text: part.textContent, box: part.getBoundingClientRect() }));
      for (const [index, one] of parts.entries())
        for (const other of parts.slice(index + 1)) {
          const wide = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
          const high = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
          if (wide > 1 && high > 1) found.push(`"${one.text}" lies over "${other.text}"`);
        }
    }
    for (const cut of document.querySelectorAll('.cut'))
      if (cut.scrollWidth > cut.clientWidth + 1 && !cut.closest('[title]') && !cut.querySelector('[title]'))
        found.push(`"${cut.textContent}" is cut`);
    return found.slice(0, 5);

    interface Window {
      readonly document: { querySelectorAll(selector: string): Iterable<Element> };
      getComputedStyle(element: Element): { readonly display: string };
    }
    interface Element {
      readonly children: Iterable<Element>;
      readonly textContent: string;
      readonly scrollWidth: number;
      readonly clientWidth: number;
      closest(selector: string): Element | null;
      querySelector(selector: string): Element | null;
      getBoundingClientRect(): Record<'left' | 'right' | 'top' | 'bottom', number>;
    }
  });

/** Pixels by which the page is wider than the window. */
const overflow = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

/** Signs in, goes to a path, and waits until the page knows it. */
export async function visitSignedIn({ page }: Watched, dataDir: string, path: string): Promise<Page> {
  await signIn(page, dataDir);
  await page.goto(path);
  await page.getByText('Signed in').waitFor();
  return page;
}

/** Signs the page's browser in, as somebody who has the data folder. */
export async function signIn(page: Page, dataDir: string): Promise<void> {
  const token = readFileSync(join(dataDir, 'token'), 'utf8').trim();
  const answer = await page.request.post('/api/v1/session', { data: { token } });
  if (!answer.ok()) throw new Error(`signing in: ${answer.status()} ${await answer.text()}`);
  const { key } = (await answer.json()) as { key: string };
  // From the next page on, as the dashboard keeps it.
  await page.context().addInitScript(`localStorage.setItem('portolan-session-key', '${key}')`);
}
