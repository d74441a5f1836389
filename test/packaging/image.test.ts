/** Portolan in a container as `compose.yaml` has it, beside the containers that it routes; also behind a socket proxy. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Ran, runCli } from '../support/cli.ts';
import { composeFlags } from '../support/compose.ts';
import { describeOnDocker, images } from '../support/docker.ts';
import { startGetOnly } from '../support/get-only.ts';
import { type Answer, request, within } from '../support/portolan.ts';

const run = promisify(execFile);
const root = new URL('../..', import.meta.url).pathname;
const token = 'a-token-for-the-image-test';

interface Boxed {
  readonly name: string;
  get(host: string, accept?: string): Promise<Answer>;
  answers(host: string, status: number): Promise<string>;
  /** The command line of this machine, on its API. */
  cli(...args: string[]): Promise<Ran>;
  /** The one in the container. */
  inside(...args: string[]): Promise<string>;
}

describeOnDocker('in a container', (engine) => {
  const folder = mkdtempSync(join(tmpdir(), 'portolan-image-'));
  const socket = engine.host.replace(/^unix:\/\//, '');
  const image = `${engine.prefix}image`;
  const possible = process.platform === 'linux' && engine.host.startsWith('unix://');
  const reason = 'the socket of an engine on this Linux machine is mounted into a container';
  let standIn = false;
  const hostOf = (name: string): string => `${name}.docker.localhost`;
  const docker = (args: readonly string[], timeout: number) =>
    run('docker', args, {
      timeout,
      maxBuffer: 16_777_216,
      env: { ...process.env, DOCKER_HOST: engine.host, DOCKER_BUILDKIT: '0' },
    });

  beforeAll(async () => {
    if (!possible) return;
    const env = { ...process.env, DOCKER_HOST: engine.host };
    const made = await run(join(root, 'test/support/setup/base-image.sh'), { env });
    standIn = made.stderr.includes('imported');
    // The network of the host: a private engine has no way out of its own.
    await docker(['build', '--network', 'host', '--force-rm', '-q', '-t', image, root], 480_000);
    writeFileSync(join(folder, 'token'), token);
    chmodSync(folder, 0o755);
  }, 500_000);
  afterEach(() => engine.cleanUp());
  afterAll(async () => {
    if (!possible) return;
    await engine.cleanUp();
    await engine.cli('volume', 'rm', '-f', `${engine.prefix}data`, `${engine.prefix}guarded`);
    await engine.cli('rmi', '-f', image);
    if (standIn) await engine.cli('rmi', '-f', 'node:26-slim');
    await engine.cli('image', 'prune', '-f', '--filter', 'label=stand-in=portolan');
    rmSync(folder, { recursive: true, force: true });
  }, 120_000);

  async function start(name: string, volume: string, from: string): Promise<Boxed> {
    const stage = { socket: from, socketGroup: statSync(from).gid, volume, token: join(folder, 'token') };
    const health = ['--health-interval', '1s', '--health-start-period', '0s'];
    await engine.cli('run', '-d', '--name', name, ...composeFlags(stage), ...health, image);
    await within(30_000, 'the healthcheck to pass', async () => {
      const state = await engine.cli('inspect', '-f', '{{.State.Health.Status}} {{.State.Running}}', name);
      if (state.endsWith('false')) throw new Error(`it ended: ${await engine.cli('logs', name)}`);
      return state.startsWith('healthy');
    });
    // Any free ones; others after a restart.
    const portOf = async (port: number): Promise<number> =>
      Number((await engine.cli('port', name, String(port))).split('\n')[0]!.split(':').at(-1));
    const get: Boxed['get'] = async (host, accept = 'text/plain') =>
      request({
        port: await portOf(80),
        method: 'GET',
        path: '/',
        headers: { Host: host, Accept: accept },
        body: undefined,
        timeout: 2_000,
      });
    return {
      name,
      get,
      answers: (host, status) =>
        within(15_000, `${host} to answer ${status}`, async () => {
          const answer = await get(host).catch(() => null);
          return answer?.status === status ? `${answer.body} ` : undefined;
        }),
      cli: async (...args) =>
        runCli({ apiPort: await portOf(8080), dataDir: folder }, args, { PORTOLAN_TOKEN: token }),
      inside: (...args) => engine.cli('exec', name, 'portolan', ...args),
    };
  }

  test('it routes containers beside it, explains, commands, remembers, and is no root', async ({ skip }) => {
    skip(!possible, reason);
    const portolan = await start(`${engine.prefix}portolan`, `${engine.prefix}data`, socket);
    const web = `${engine.prefix}web`;
    expect(await portolan.cli('run', images.web, '--name', web, '--pull', 'never')).toMatchObject({
      code: 0,
    });
    expect(await portolan.answers(hostOf(web), 200)).toContain('portolan test web');
    expect(await portolan.cli('stop', web, '-t', '0')).toMatchObject({ code: 0, error: '' });
    expect(await portolan.answers(hostOf(web), 503)).toContain('has had no upstream since');
    expect(await portolan.cli('start', web)).toMatchObject({ code: 0 });
    await portolan.answers(hostOf(web), 200);

    const { code, out } = await portolan.cli('audit', '--container', web);
    expect(code).toBe(0);
    expect(out).toMatch(/stop .* succeeded/);
    // Its own command line reads from loopback, and finds the token by the environment.
    expect(await portolan.inside('routes')).toContain(hostOf(web));
    expect(await portolan.inside('verify')).toContain('The chain holds');
    expect(await portolan.inside('doctor')).toMatch(/all \d+ running containers are reached/);
    // From outside of it, reading needs the token, too.
    const unknown = await runCli({ apiPort: await apiPortOf(portolan), dataDir: folder }, ['routes'], {
      PORTOLAN_TOKEN_FILE: join(folder, 'none'),
    });
    expect(unknown.code).toBe(5);

    expect(await engine.cli('exec', portolan.name, 'id', '-u')).toBe('1000');
    await engine.cli('restart', '-t', '20', portolan.name);
    await portolan.answers(hostOf(web), 200);
    expect(await portolan.inside('events', '--type', 'PortolanStopped')).toContain('SIGTERM');

    // On another network it is reached once Portolan is on it, too.
    const network = `${engine.prefix}net`;
    const apart = `${engine.prefix}apart`;
    await engine.cli('network', 'create', network);
    await engine.cli('run', '-d', '--name', apart, '--network', network, images.web);
    await within(10_000, 'its refusal', async () =>
      (await portolan.inside('containers')).includes('no-reachable-network'),
    );
    await engine.cli('network', 'connect', network, portolan.name);
    await engine.cli('restart', '-t', '20', portolan.name);
    await within(15_000, 'its route', async () =>
      (await portolan.inside('routes').catch(() => '')).includes(hostOf(apart)),
    );
  }, 120_000);

  test('behind a socket proxy that lets only reading through it routes; commands say that they are not allowed', async ({
    skip,
  }) => {
    skip(!possible, reason);
    const proxy = await startGetOnly(socket);
    try {
      const portolan = await start(`${engine.prefix}guarded`, `${engine.prefix}guarded`, proxy.path);
      const web = `${engine.prefix}web`;
      await engine.cli('run', '-d', '--name', web, images.web);
      await portolan.answers(hostOf(web), 200);
      const refused = await portolan.cli('stop', web);
      expect(refused).toMatchObject({ code: 5, out: '' });
      expect(refused.error).toMatch(/not allowed by what guards the engine \(403 Forbidden\).*POST/);
      const ran = await portolan.cli('run', images.web, '--pull', 'never');
      expect(ran).toMatchObject({ code: 5, out: '' });
      expect((await portolan.cli('audit', '--container', web)).out).toMatch(/stop .* failed .*not allowed/);
      await portolan.answers(hostOf(web), 200);
      await engine.cli('stop', '-t', '0', web);
      await portolan.answers(hostOf(web), 503);
    } finally {
      await engine.cleanUp();
      await proxy.stop();
    }
  }, 120_000);

  const apiPortOf = async ({ name }: Boxed): Promise<number> =>
    Number((await engine.cli('port', name, '8080')).split('\n')[0]!.split(':').at(-1));
});
