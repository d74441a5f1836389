/** `bin/portolan.cjs`: what stands in front of the program. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const launcher = new URL('../bin/portolan.cjs', import.meta.url).pathname;

test('serve goes on under the same pid with the settings that a Node takes at its start only', async ({
  skip,
}) => {
  skip(process.platform !== 'linux', 'reads /proc');
  const dataDir = mkdtempSync(join(tmpdir(), 'portolan-launcher-'));
  const ports = ['--http-port', '0', '--api-port', '0', '--data-dir', dataDir];
  const args = [launcher, 'serve', ...ports, '--docker-host', 'unix:///nonexistent.sock'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const [, flag, script] = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').split('\0');
    expect([flag, script]).toEqual(['--max-semi-space-size=4', launcher]);
    expect(readFileSync(`/proc/${child.pid}/environ`, 'utf8')).toContain('MALLOC_ARENA_MAX=2');
  } finally {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
    rmSync(dataDir, { recursive: true });
  }
}, 30_000);

test('a Node that is too old is told in one line what it needs', async () => {
  const old = "Object.defineProperty(process.versions, 'node', { value: '20.20.2' });";
  const failed = await promisify(execFile)(process.execPath, [
    '--import',
    `data:text/javascript,${old}`,
    launcher,
    'serve',
  ]).catch((error: unknown) => error);
  expect(failed).toMatchObject({
    code: 1,
    stdout: '',
    stderr: 'portolan: needs Node 22.18 or newer, this is 20.20.2; run `npm start`, which brings its own\n',
  });
});
