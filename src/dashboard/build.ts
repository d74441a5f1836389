/**
 * Builds the dashboard into `dist/dashboard`. With `--if-stale` only if a source is newer than what is there, and then
 * its failure is told and passed over: the proxy must start without a dashboard, too.
 */
import { existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { InlineConfig } from 'vite';

const root = resolve(import.meta.dirname, '../..');
const target = join(root, 'dist/dashboard');
const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** One page, hashed assets, nothing inline (the API's content policy forbids it). */
const settings: InlineConfig = {
  configFile: false,
  root: import.meta.dirname,
  publicDir: false,
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  resolve: { alias: { react: 'preact/compat', 'react-dom': 'preact/compat' }, dedupe: ['preact'] },
  build: { target: 'es2023', assetsInlineLimit: 0, modulePreload: { polyfill: false }, emptyOutDir: true },
};

const onlyIfStale = process.argv.includes('--if-stale');
if (!onlyIfStale || isStale()) {
  try {
    await buildDashboard();
  } catch (error) {
    say(`the dashboard could not be built: ${(error as Error).message}`);
    if (!onlyIfStale) process.exitCode = 1;
  }
}

/** Beside its place, then renamed: who serves or builds at the same time never sees half of it. */
async function buildDashboard(): Promise<void> {
  const began = performance.now();
  const { build } = await import('vite');
  mkdirSync(dirname(target), { recursive: true });
  const folder = mkdtempSync(join(dirname(target), '.dashboard-'));
  const fresh = join(folder, 'fresh');
  try {
    await build({ ...settings, build: { ...settings.build, outDir: fresh } });
    place(fresh, join(folder, 'old'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  say(`the dashboard was built in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
}

/** Another build may have put its own there in between: that one is as good. */
function place(fresh: string, old: string): void {
  try {
    if (existsSync(target)) renameSync(target, old);
    renameSync(fresh, target);
  } catch (error) {
    if (!existsSync(join(target, 'index.html'))) throw error;
  }
}

/** Without sources (an installed package) what is there is what was shipped. */
function isStale(): boolean {
  const built = join(target, 'index.html');
  const sources = [
    ...globSync('**/*', { cwd: import.meta.dirname }).map((file) => join(import.meta.dirname, file)),
    join(root, 'package-lock.json'),
  ].filter((file) => existsSync(file));
  if (!existsSync(built)) return true;
  const at = statSync(built).mtimeMs;
  return sources.some((file) => statSync(file).mtimeMs > at);
}
