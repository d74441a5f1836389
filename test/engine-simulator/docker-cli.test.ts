/** The docker CLI's common commands work on the simulator. */
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { ask, startSimulator } from './support.ts';

const run = promisify(execFile);

/** With `REQUIRE_DOCKER=1` the tests run, and fail, without it. */
function isAbsent(): boolean {
  if (process.env['REQUIRE_DOCKER'] === '1') return false;
  try {
    execFileSync('docker', ['--version']);
    return false;
  } catch {
    process.stderr.write(
      'SKIPPED the docker CLI on the simulator: there is no `docker`; run `npm run test:setup`\n',
    );
    return true;
  }
}

const cliOf =
  (simulator: Simulator) =>
  async (...args: string[]): Promise<string> => {
    const env = { ...process.env, DOCKER_CONTEXT: '', DOCKER_HOST: simulator.host };
    const { stdout } = await run('docker', args, { env, timeout: 20_000 });
    return stdout.trim();
  };

describe.skipIf(isAbsent())('the docker CLI on the simulator', () => {
  test('runs, lists, inspects, follows and removes a container', async () => {
    const simulator = await startSimulator();
    const docker = cliOf(simulator);
    const id = await docker('run', '-d', '--name', 'one', '--label', 'a=b', '-p', '127.0.0.1:0:80', 'web');
    expect(await docker('ps', '--format', '{{.Names}} {{.Status}}')).toMatch(/^one Up /);
    expect(await docker('inspect', '-f', '{{.State.Status}} {{.Config.Labels.a}}', 'one')).toBe('running b');
    const published = await docker('port', 'one', '80');
    const [host, port] = published.split(':');
    expect(JSON.parse((await ask(host!, '/seen', { port })).body).id).toBe(id);
    expect(await docker('logs', 'one')).toBe('started as one\nGET /seen');
    expect(await docker('stats', '--no-stream', '--format', '{{.Name}}')).toBe('one');
    expect(await docker('exec', 'one', 'ls')).toBe('simulated: ls');
    expect(await docker('top', 'one')).toContain('serve');
    for (const command of ['restart', 'pause', 'unpause', 'stop', 'start', 'kill']) {
      expect(await docker(command, 'one')).toBe('one');
    }
    await docker('rename', 'one', 'two');
    expect(await docker('ps', '-a', '--format', '{{.Names}}')).toBe('two');
    expect(await docker('rm', 'two')).toBe('two');
  });

  test('runs one in the foreground, with its output and exit code', async () => {
    const docker = cliOf(await startSimulator());
    const outcome = docker('run', '--rm', '--name', 'brief', '-e', 'SIMULATED_EXIT=3@200', 'web');
    await expect(outcome).rejects.toMatchObject({ code: 3, stdout: 'started as brief\nended with 3\n' });
    expect(await docker('ps', '-aq')).toBe('');
  });

  test('pulls, networks, and tells what happened', async () => {
    const simulator = await startSimulator({ timings: { pull: 1 } });
    const docker = cliOf(simulator);
    expect(await docker('pull', 'nginx')).toContain('Downloaded newer image for nginx:latest');
    expect(await docker('images', '--format', '{{.Repository}}')).toBe('web\nnginx');
    await docker('network', 'create', 'shop');
    await docker('run', '-d', '--name', 'one', '--network', 'shop', '--network-alias', 'shop-one', 'nginx');
    await docker('network', 'disconnect', 'shop', 'one');
    await docker('rm', '-f', 'one');
    await docker('network', 'rm', 'shop');
    const until = String(simulator.clock.now() / 1_000_000_000n + 1n);
    const events = await docker(
      'events',
      '--since',
      '0',
      '--until',
      until,
      '--format',
      '{{.Type}} {{.Action}}',
    );
    expect(events.split('\n')).toEqual([
      'image pull',
      'network create',
      'container create',
      'network connect',
      'container start',
      'network disconnect',
      'network disconnect',
      'container kill',
      'container die',
      'container destroy',
      'network destroy',
    ]);
    expect(await docker('version', '--format', '{{.Server.APIVersion}}')).toBe('1.41');
    expect(await docker('info', '--format', '{{.OperatingSystem}}')).toBe('Portolan engine simulator');
  });
});
