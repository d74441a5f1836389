/** Images and pulls, logs, stats, commands inside of containers, and what the engine says of itself. */
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { describe, expect, test } from 'vitest';
import { actionsDuring, ask, call, clientOf, eventually, refusal, startSimulator } from './support.ts';

describe('images', () => {
  test('a pull shows its progress line by line, and the image is there after it', async () => {
    const simulator = await startSimulator({ timings: { pull: 5 } });
    const docker = clientOf(simulator);
    const lines: { status: string }[] = [];
    const actions = await actionsDuring(simulator, async () => {
      const stream = await docker.pull('nginx:1.27');
      await new Promise<void>((resolve, reject) => {
        docker.modem.followProgress(
          stream,
          (error) => (error ? reject(error) : resolve()),
          (line: { status: string }) => lines.push(line),
        );
      });
    });
    expect(actions).toEqual(['image:pull']);
    expect(lines.filter(({ status }) => status === 'Downloading')).toHaveLength(5);
    expect(lines.at(-1)!.status).toBe('Status: Downloaded newer image for nginx:1.27');
    expect(await docker.getImage('nginx:1.27').inspect()).toMatchObject({ RepoTags: ['nginx:1.27'] });
    await docker.createContainer({ name: 'one', Image: 'nginx:1.27' });
  });

  test('one that nobody has is refused', async () => {
    const docker = clientOf(await startSimulator());
    expect(await refusal(docker.pull('secret/thing'))).toEqual({
      status: 404,
      message: expect.stringContaining('pull access denied for secret/thing, repository does not exist'),
    });
    expect(await refusal(docker.getImage('nope').inspect())).toEqual({
      status: 404,
      message: 'no such image: nope: No such image: nope:latest',
    });
  });

  test('a pull that fails underway says so in a line, after its 200', async () => {
    const simulator = await startSimulator({ timings: { pull: 1 } });
    simulator.faults.pullError = 'unexpected EOF';
    const { status, body } = await call(simulator, 'POST', '/images/create?fromImage=nginx&tag=latest');
    expect(status).toBe(200);
    expect(JSON.parse(body.trim().split('\n').at(-1)!)).toEqual({
      errorDetail: { message: 'unexpected EOF' },
      error: 'unexpected EOF',
    });
    expect(simulator.images.find('nginx')).toBeNull();
  });

  test('images that a test publishes can be pulled', async () => {
    const simulator = await startSimulator({ timings: { pull: 1 } });
    simulator.images.publish('secret/thing', { exposed: ['9000/tcp'] });
    const { body } = await call(simulator, 'POST', '/images/create?fromImage=secret/thing&tag=latest');
    expect(body).toContain('Downloaded newer image for secret/thing:latest');
    expect(simulator.images.get('secret/thing').exposed).toEqual(['9000/tcp']);
  });

  test('are tagged, listed and removed, but not while a container uses them', async () => {
    const simulator = await startSimulator();
    const docker = clientOf(simulator);
    await docker.getImage('web').tag({ repo: 'other', tag: 'v1' });
    expect((await docker.listImages())[0]!.RepoTags).toEqual(['web:latest', 'other:v1']);
    expect(await docker.getImage('other:v1').remove()).toEqual([{ Untagged: 'other:v1' }]);
    const container = await docker.createContainer({ name: 'one', Image: 'web' });
    expect(await refusal(docker.getImage('web').remove())).toMatchObject({ status: 409 });
    await container.remove();
    expect(await docker.getImage('web').remove()).toMatchObject([
      { Untagged: 'web:latest' },
      { Deleted: expect.stringMatching(/^sha256:/) },
    ]);
    expect(await docker.listImages()).toEqual([]);
  });

  test("a container inherits its image's ports, labels, environment and health check", async () => {
    const simulator = await startSimulator();
    const docker = clientOf(simulator);
    simulator.images.add('rich', {
      exposed: ['9000/tcp'],
      labels: { of: 'image', both: 'image' },
      env: ['A=image', 'B=image'],
      healthcheck: { test: ['CMD', 'true'], interval: 1_000, startPeriod: 0, retries: 1 },
    });
    const container = await docker.createContainer({
      Image: 'rich',
      Labels: { both: 'own' },
      Env: ['A=own'],
    });
    const { Config } = await container.inspect();
    expect(Config.Labels).toEqual({ of: 'image', both: 'own' });
    expect(Config.Env).toEqual(['A=own', 'B=image']);
    expect(Config.ExposedPorts).toEqual({ '9000/tcp': {} });
    expect(Config.Healthcheck).toMatchObject({ Test: ['CMD', 'true'] });
  });
});

describe('logs', () => {
  /** Frames of a multiplexed stream, as text by stream. */
  function frames(bytes: Buffer): { stream: number; text: string }[] {
    const found = [];
    for (let at = 0; at < bytes.length; at += 8 + bytes.readUInt32BE(at + 4)) {
      const size = bytes.readUInt32BE(at + 4);
      found.push({ stream: bytes[at]!, text: bytes.subarray(at + 8, at + 8 + size).toString() });
    }
    return found;
  }

  test('come in frames; tail takes the last ones', async () => {
    const simulator = await startSimulator();
    const { address, output } = await simulator.run({ name: 'one' });
    await ask(address, '/first');
    output.write('trouble', 'stderr');
    const container = clientOf(simulator).getContainer('one');
    const all = frames((await container.logs({ stdout: true, stderr: true })) as unknown as Buffer);
    expect(all).toEqual([
      { stream: 1, text: 'started as one\n' },
      { stream: 1, text: 'GET /first\n' },
      { stream: 2, text: 'trouble\n' },
    ]);
    const tail = frames((await container.logs({ stdout: true, tail: 1 })) as unknown as Buffer);
    expect(tail).toEqual([{ stream: 1, text: 'GET /first\n' }]);
    const stamped = frames((await container.logs({ stderr: true, timestamps: true })) as unknown as Buffer);
    expect(stamped[0]!.text).toMatch(/^20\d\d-\d\d-\d\dT[\d:.]+Z trouble\n$/);
    expect(await refusal(container.logs({}))).toMatchObject({ status: 400 });
  });

  test('are followed until the container ends', async () => {
    const simulator = await startSimulator();
    const one = await simulator.run({ name: 'one' });
    const stream = await clientOf(simulator).getContainer('one').logs({ stdout: true, follow: true });
    const chunks: Buffer[] = [];
    let over = false;
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      over = true;
    });
    await ask(one.address, '/seen');
    await simulator.containers.stop(one);
    await eventually('the stream ends', () => over);
    expect(frames(Buffer.concat(chunks)).map(({ text }) => text)).toEqual([
      'started as one\n',
      'GET /seen\n',
      'ended with 0\n',
    ]);
  });
});

describe('stats', () => {
  test('once, and again and again', async () => {
    const simulator = await startSimulator({ timings: { stats: 10 } });
    await simulator.run({ name: 'one' });
    const container = clientOf(simulator).getContainer('one');
    const once = await container.stats({ stream: false });
    expect(once).toMatchObject({ name: '/one', cpu_stats: { online_cpus: 2 } });
    expect(once.cpu_stats.cpu_usage.total_usage).toBeGreaterThanOrEqual(
      once.precpu_stats.cpu_usage.total_usage,
    );
    const stream = (await container.stats({ stream: true })) as unknown as Readable;
    let lines = 0;
    stream.on('data', (chunk: Buffer) => {
      lines += String(chunk).split('\n').length - 1;
    });
    stream.on('error', () => undefined);
    await eventually('three samples', () => lines >= 3);
    stream.destroy();
  });
});

describe('commands inside of a container', () => {
  test('make the events of the real engine', async () => {
    const simulator = await startSimulator();
    await simulator.run({ name: 'one' });
    const container = clientOf(simulator).getContainer('one');
    const actions = await actionsDuring(simulator, async () => {
      const exec = await container.exec({ Cmd: ['ls', '/'], AttachStdout: true });
      const stream = await exec.start({});
      stream.resume();
      await new Promise((resolve) => stream.on('end', resolve));
      expect(await exec.inspect()).toMatchObject({ ExitCode: 0, Running: false });
    });
    expect(actions).toEqual(['exec_create: ls /', 'exec_start: ls /', 'exec_die']);
  });

  test('attach shows what the container writes, until it ends', async () => {
    const simulator = await startSimulator();
    const one = await simulator.run({ name: 'one' });
    const stream = await clientOf(simulator).getContainer('one').attach({ stream: true, stdout: true });
    let text = '';
    let over = false;
    stream.on('data', (chunk: Buffer) => {
      text += String(chunk);
    });
    stream.on('end', () => {
      over = true;
    });
    await simulator.containers.stop(one);
    await eventually('the stream ends', () => over);
    expect(text).toContain('ended with 0');
  });
});

describe('the engine', () => {
  test('says who it is, with and without a version in the path, on its socket and on TCP', async () => {
    const simulator = await startSimulator({ tcpPort: 0, id: 'SIM:TEST' });
    const docker = clientOf(simulator);
    expect(String(await docker.ping())).toBe('OK');
    expect(await docker.version()).toMatchObject({ ApiVersion: '1.41', Os: 'linux' });
    const info = {
      ID: 'SIM:TEST',
      Name: 'simulator',
      OperatingSystem: 'Portolan engine simulator',
      SecurityOptions: ['name=seccomp,profile=default'],
    };
    expect(await docker.info()).toMatchObject(info);
    const remote = new Docker({ host: '127.0.0.1', port: simulator.tcpPort()! });
    expect(await remote.info()).toMatchObject(info);
    expect((await call(simulator, 'GET', '/v1.24/info')).status).toBe(200);
    expect((await call(simulator, 'HEAD', '/_ping')).headers['api-version']).toBe('1.41');
    const tooNew = await call(simulator, 'GET', '/v1.99/info');
    expect([tooNew.status, JSON.parse(tooNew.body).message]).toEqual([
      400,
      'client version 1.99 is too new. Maximum supported API version is 1.41',
    ]);
    expect((await call(simulator, 'GET', '/nothing/here')).status).toBe(404);
  });

  test('wait resolves when the container ends', async () => {
    const simulator = await startSimulator();
    const one = await simulator.run({ name: 'one' });
    const ended = clientOf(simulator).getContainer('one').wait();
    await sleep(20);
    await simulator.containers.exit(one, 12);
    expect(await ended).toMatchObject({ StatusCode: 12 });
  });
});
