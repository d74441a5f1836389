/** `bin/portolan.cjs`: what stands in front of the program. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
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

const old = "Object.defineProperty(process.versions, 'node', { value: '20.20.2' });";
/** As a Node of another version runs the launcher, and nothing that the launcher starts. */
const byOldNode = (...args: string[]): string[] => [
  '--import',
  `data:text/javascript,${old}`,
  launcher,
  ...args,
];

test('a Node that is too old for the service is told in one line what it needs', async () => {
  const failed = await run(process.execPath, byOldNode('serve')).catch((error: unknown) => error);
  expect(failed).toMatchObject({
    code: 1,
    stdout: '',
    stderr: 'portolan: needs Node 22.18 or newer, this is 20.20.2; run `npm start`, which brings its own\n',
  });
});

test('the launcher holds nothing that Node 12, which old systems bring, could not even parse or load', () => {
  const code = readFileSync(launcher, 'utf8').replace(/\/\*\*[\s\S]*?\*\/|\/\/.*/g, '');
  expect(code).toContain("require('child_process')");
  for (const newer of ['??', '?.', '||=', '&&=', "'node:", 'replaceAll']) expect(code).not.toContain(newer);
});

test('in a package the line tells the way to the Node that came with it, and the flags of the service are shown all the same', async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'portolan-packed-')));
  try {
    const brought = join(folder, 'node_modules', `node-${process.platform}-${process.arch}`);
    mkdirSync(join(brought, 'bin'), { recursive: true });
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(brought, 'package.json'), '{}');
    writeFileSync(join(brought, 'bin', 'node'), '#!/bin/sh\nshift; echo "brought: $*"\n', { mode: 0o755 });
    const packed = join(folder, 'bin', 'portolan.cjs');
    cpSync(launcher, packed);
    const by = ['--import', `data:text/javascript,${old}`, packed, 'serve'];
    const failed = await run(process.execPath, by).catch((error: unknown) => error);
    const command = `${join(brought, 'bin', 'node')} ${packed} serve`;
    expect(failed).toMatchObject({
      code: 1,
      stderr: `portolan: needs Node 22.18 or newer, this is 20.20.2; run it with the Node that came with it: \`${command}\`, and your flags after that\n`,
    });
    expect((await run(process.execPath, [...by, '--help'])).stdout).toBe('brought: serve --help\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a Node that is too old hands the command line to the one that was brought, and ends as that does', async ({
  skip,
}) => {
  skip(
    !existsSync(new URL('../node_modules/.bin/node', import.meta.url)),
    'no Node is brought for this machine',
  );
  expect((await run(process.execPath, byOldNode('--version'))).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  const failed = await run(process.execPath, byOldNode('nonsense')).catch((error: unknown) => error);
  expect(failed).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining("unknown command 'nonsense'"),
  });
});

test('what is sent to end an older Node ends the command line that it runs', async ({ skip }) => {
  skip(
    !existsSync(new URL('../node_modules/.bin/node', import.meta.url)),
    'no Node is brought for this machine',
  );
  // Answers nothing, so that the command waits.
  const api = createServer();
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  const asked = once(api, 'connection', { signal: AbortSignal.timeout(20_000) });
  const { port } = api.address() as AddressInfo;
  const child = spawn(process.execPath, byOldNode('routes', '--api', `http://127.0.0.1:${port}`), {
    stdio: 'ignore',
  });
  try {
    const [connection] = (await asked) as [Socket];
    const closed = once(connection.on('error', () => {}).resume(), 'close', {
      signal: AbortSignal.timeout(20_000),
    });
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(20_000) });
    child.kill('SIGTERM');
    expect(await ended).toEqual([null, 'SIGTERM']);
    await closed;
  } finally {
    child.kill('SIGKILL');
    api.close();
  }
}, 60_000);
