/** What `npm run package` makes: installed into an empty folder, on a real engine. */
import { execFile, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ran, runCli } from '../support/cli.ts';
import { describeOnDocker, images } from '../support/docker.ts';
import { cleanUp, type Portolan, startPortolan } from '../support/portolan.ts';
import { noSystemd, type SystemdMachine, startSystemdMachine } from '../support/systemd.ts';

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
    for (const command of ['start', 'pause', 'unpause', 'restart -t 0', 'kill'])
      expect(await cli(...command.split(' '), name), command).toMatchObject({ code: 0, error: '' });
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

  describe.skipIf(noSystemd() !== null)('as a service of systemd, beside an engine that is one, too', () => {
    const program = '/opt/portolan/node_modules/.bin/portolan';
    const asked = "curl -s -o /dev/null -w '%{http_code}' -m 15 http://web.docker.localhost/";
    let machine: SystemdMachine | null = null;

    beforeAll(async () => {
      // The service is a user of its own.
      chmodSync(folder, 0o755);
      machine = await startSystemdMachine(folder);
      if (machine === null) return;
      const saved = spawn('docker', ['-H', engine.host, 'save', images.web], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await machine.run('systemctl start docker && docker load', { input: saved.stdout });
      await machine.run(
        'cp /opt/portolan/node_modules/portolan/packaging/portolan.service /etc/systemd/system/',
      );
      await machine.run('systemctl daemon-reload && systemctl enable --now portolan');
      await machine.run(`docker run -d --stop-timeout 1 --name web ${images.web}`);
    }, 120_000);
    afterAll(() => machine?.stop(), 60_000);
    // Where a container's host does not let it make one: said, and not passed.
    beforeEach(({ skip }) => skip(machine === null, 'no machine of its own can be made in this one'));

    test('routes a container at port 80, and is guarded while it does', async () => {
      await machine!.prints(asked, /^200$/);
      const status = await machine!.run('cat /proc/$(systemctl show -P MainPID portolan)/status');
      const field = (name: string): string => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)![1]!;
      expect(Number(field('Uid'))).toBeGreaterThan(0);
      // CAP_NET_BIND_SERVICE alone.
      expect(BigInt(`0x${field('CapEff')}`)).toBe(1n << 10n);
      expect(BigInt(`0x${field('CapBnd')}`)).toBe(1n << 10n);
      expect(field('NoNewPrivs')).toBe('1');
      expect(field('Seccomp')).toBe('2');
      expect(await machine!.run('stat -L -c %a /var/lib/portolan')).toBe('700');
    });

    test('takes commands from a command line that root starts with any Node', async () => {
      const cli = `PORTOLAN_DATA_DIR=/var/lib/portolan ${program}`;
      await machine!.run(`${cli} stop web --time 0`);
      await machine!.prints(asked, /^503$/);
      await machine!.run(`${cli} start web`);
      await machine!.prints(asked, /^200$/);
      expect(await machine!.run(`${cli} audit`)).toMatch(/api:token +start +web +succeeded/);
      expect(await machine!.run(`${cli} verify`)).toContain('The chain holds');
    });

    test('is started again when it dies, and ends clean when it is stopped', async () => {
      await machine!.run('kill -9 $(systemctl show -P MainPID portolan)');
      await machine!.prints('systemctl show -P NRestarts portolan', /^1$/);
      await machine!.prints(asked, /^200$/);
      await machine!.run('systemctl stop portolan');
      expect(await machine!.run('systemctl show -P Result,ExecMainStatus portolan')).toBe('success\n0');
    });

    test('comes up with the engine away, and follows it when that is back', async () => {
      await machine!.run('systemctl start portolan');
      await machine!.prints(asked, /^200$/);
      await machine!.run('systemctl stop docker.socket docker && systemctl restart portolan');
      // The engine ended its containers first.
      await machine!.prints(asked, /^503$/);
      await machine!.run('systemctl start docker && docker start web');
      await machine!.prints(asked, /^200$/);
    });

    test('is never given up while another has its port', async () => {
      await machine!.run(
        'systemctl stop portolan; systemd-run --unit=other busybox httpd -f -p 127.0.0.1:80',
      );
      await machine!.prints('ss -ltn', /127\.0\.0\.1:80 /);
      await machine!.run('systemctl start portolan');
      // As often as systemd by itself would let it.
      await machine!.prints('systemctl show -P NRestarts portolan', /^([6-9]|\d\d)$/, 40_000);
      await machine!.run('systemctl stop other');
      await machine!.prints(asked, /^200$/);
    }, 80_000);
  });
});
