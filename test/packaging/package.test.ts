/** What `npm run package` makes: installed into an empty folder, on a real engine. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ran, runCli } from '../support/cli.ts';
import { describeOnDocker, images } from '../support/docker.ts';
import { cleanUp, type Portolan, startPortolan } from '../support/portolan.ts';

const run = promisify(execFile);
const root = new URL('../..', import.meta.url).pathname;

describeOnDocker('the package, installed into an empty folder', (engine) => {
  const folder = mkdtempSync(join(tmpdir(), 'portolan-package-'));
  const program = join(folder, 'node_modules/portolan/bin/portolan.cjs');
  let portolan: Portolan;
  const cli = (...args: string[]): Promise<Ran> =>
    runCli({ apiPort: portolan.apiPort, dataDir: portolan.dataDir, program }, args);

  beforeAll(async () => {
    await run('npm', ['run', 'build'], { cwd: root });
    const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root });
    await run('npm', ['install', '--no-audit', '--no-fund', `./${stdout.trim()}`], { cwd: folder });
    portolan = await startPortolan({ dockerHost: engine.host, program });
  }, 240_000);
  afterAll(async () => {
    await engine.cleanUp();
    await cleanUp();
    rmSync(folder, { recursive: true, force: true });
  });

  test('brings its own Node, and says its version', async () => {
    // As from a shell that has only the system's, which may be older.
    const PATH = process.env['PATH']!.split(':').filter((one) => !one.includes('node_modules'));
    const env = { ...process.env, PATH: PATH.join(':') };
    const { stdout } = await run('npx', ['--no', 'portolan', '--version'], { cwd: folder, env });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('routes a container, and its commands work', async () => {
    const name = `${engine.prefix}packed`;
    const host = `${name}.docker.localhost`;
    const ran = await cli('run', images.web, '--name', name, '--pull', 'never');
    expect(ran).toMatchObject({ code: 0, error: '' });
    await portolan.answers(host, 200);
    expect((await cli('routes')).out).toContain(host);
    expect((await cli('containers')).out).toContain(name);
    expect(await cli('resolve', host)).toMatchObject({ code: 0, error: '' });
    expect(await cli('stop', name, '-t', '0')).toMatchObject({ code: 0, error: '' });
    await portolan.answers(host, 503);
    expect((await cli('why', host)).out).toContain('CommandRequested');
    expect((await cli('history', host)).out).toContain('stopped');
    expect((await cli('audit')).out).toMatch(new RegExp(`stop +${name} +succeeded`));
    expect((await cli('events', '--container', name)).out).toContain('ContainerStopped');
    for (const command of ['start', 'pause', 'unpause', 'restart', 'kill'])
      expect(await cli(command, name), command).toMatchObject({ code: 0, error: '' });
    expect(await cli('rm', name)).toMatchObject({ code: 0, error: '' });
  });

  test('every other command works, too', async () => {
    const name = `${engine.prefix}other`;
    await engine.cli('run', '-d', '--name', name, images.web);
    await portolan.answers(`${name}.docker.localhost`, 200);
    for (const args of [
      ['diff', 'position:0'],
      ['logs', name],
      ['stats', name, '--once'],
      ['replay', 'rebuild'],
      ['replay', 'compare'],
      ['replay', 'what-if', '--expose', 'labeled'],
      ['verify'],
      ['export', join(folder, 'log.ndjson.gz')],
      ['import', join(folder, 'log.ndjson.gz'), '--data-dir', join(folder, 'imported')],
      ['doctor', '--http-port', '0', '--api-port', '0', '--docker-host', engine.host],
      ['completion', 'bash'],
      ['help', 'routes'],
      ['serve', '--help'],
    ]) {
      const { code, error, out } = await cli(...args);
      expect({ code, error }, `${args.join(' ')}: ${out}`).toEqual({ code: 0, error: '' });
      // The test's web server writes nothing.
      if (args[0] !== 'logs') expect(out, args.join(' ')).not.toBe('');
    }
  });

  test('has the dashboard', async () => {
    const page = await portolan.api('GET', '/', undefined, { Accept: 'text/html' });
    expect(page.status).toBe(200);
    expect(page.body).toContain('<script');
    const { body } = await portolan.api('GET', '/healthz');
    expect(body).toBe('up\n');
  });
});
