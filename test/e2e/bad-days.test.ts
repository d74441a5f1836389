/** Bad days on the simulated engine, each against the whole service: afterwards the routes equal what the engine has. */
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { createFragileDisk } from '../support/fragile-disk.ts';
import { checkLog } from '../support/log-check.ts';
import { cleanUp, makeDataDir, startInVain, within } from '../support/portolan.ts';
import { createEngine, hears, routesEqual, serveOn } from '../support/simulated.ts';

describe('on a bad day', () => {
  let engine: Simulator;
  beforeEach(async () => {
    engine = await createEngine();
  });
  afterEach(async () => {
    await cleanUp();
    await engine.stop();
  });
  const populate = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, at) => engine.run({ name: `c${at}` })));

  test('the stream is cut again and again while containers come and go', async () => {
    const portolan = await serveOn(engine);
    const containers = await populate(6);
    for (let round = 0; round < 12; round++) {
      const container = containers[round % 6]!;
      await (round % 2 ? engine.containers.restart(container) : engine.containers.stop(container));
      engine.events.cut();
      await sleep(60);
    }
    await routesEqual(portolan, engine);
    expect(await portolan.events('EngineLost')).toEqual([]);
    expect(await portolan.events('HistoryGapDetected')).toEqual([]);
  });

  for (const stream of ['split', 'batched', 'doubled'] as const) {
    test(`the stream is ${stream}`, async () => {
      engine.faults.stream = stream;
      const portolan = await serveOn(engine);
      await hears(portolan);
      const [first] = await populate(4);
      await engine.containers.stop(first!);
      await routesEqual(portolan, engine);
      const starts = await portolan.events('ContainerStarted');
      expect(new Set(starts.map((event) => event.id)).size).toBe(starts.length);
      expect(starts).toHaveLength(4);
    });
  }

  test('garbage stands between the lines of the stream', async () => {
    engine.faults.garbage = '{"Type": not json\n\u0000\u0001\n{}\n[]\n"text"\n';
    const portolan = await serveOn(engine);
    const [first] = await populate(4);
    await engine.containers.pause(first!);
    await routesEqual(portolan, engine);
  });

  test("the engine's clock is stepped back by an hour, and the stream is cut", async () => {
    const portolan = await serveOn(engine);
    const containers = await populate(3);
    await routesEqual(portolan, engine);
    engine.clock.step(-3_600_000);
    await engine.containers.restart(containers[0]!);
    engine.events.cut();
    await engine.containers.stop(containers[1]!);
    await engine.run({ name: 'later' });
    await routesEqual(portolan, engine);
    const recorded = (await portolan.events()).map((event) =>
      Date.parse((event as never as { recordedAt: string }).recordedAt),
    );
    expect(recorded).toEqual(recorded.toSorted((one, other) => one - other));
  });

  for (const liveRestore of [true, false]) {
    test(`the daemon is killed ${liveRestore ? 'with' : 'without'} live-restore, and containers end meanwhile`, async () => {
      const portolan = await serveOn(engine);
      await hears(portolan);
      const [first] = await populate(3);
      await engine.run({ name: 'always', restart: 'always' });
      await routesEqual(portolan, engine);
      await engine.goDown({ liveRestore });
      await within(5_000, 'the loss', async () => (await portolan.events('EngineLost')).length === 1);
      if (liveRestore) {
        expect((await portolan.get('c1.docker.localhost')).status).toBe(200);
        await engine.containers.dieSilently(first!, 137);
      }
      await engine.comeUp();
      await routesEqual(portolan, engine);
      const gaps = await within(20_000, 'the gap', async () => {
        const found = await portolan.events('HistoryGapDetected');
        return found.length > 0 ? found : undefined;
      });
      expect(gaps[0]?.data.reason).toBe('engine-restarted');
      const closed = await portolan.events('RouteClosed');
      expect(closed.find((event) => event.data.name === 'c0')?.inferred).toBe(true);
    });
  }

  test('containers start in a tight loop while the service starts', async () => {
    const rounds = Number(process.env['START_ROUNDS'] ?? 4);
    for (let round = 0; round < rounds; round++) {
      let going = true;
      const loop = (async () => {
        for (let count = 0; going && count < 60; count++) {
          await engine.run({ name: `r${round}-${count}` });
          if (count % 3 === 0)
            await engine.containers.remove(engine.containers.get(`r${round}-${count}`), true);
        }
      })();
      const portolan = await serveOn(engine);
      going = false;
      await loop;
      await routesEqual(portolan, engine);
      await portolan.kill();
      for (const container of engine.containers.list()) await engine.containers.remove(container, true);
    }
  });

  for (const said of ['something', 'nothing'] as const) {
    test(`more happens while it is down than the engine remembers, which had said ${said} before`, async () => {
      const dataDir = makeDataDir();
      const early = said === 'nothing' ? await populate(2) : [];
      const first = await serveOn(engine, { dataDir });
      await hears(first);
      const [quiet, noisy] = said === 'nothing' ? early : await populate(2);
      await routesEqual(first, engine);
      await within(10_000, 'a sign of life that knows the engine', async () => {
        const { lastSeen } = JSON.parse(readFileSync(join(dataDir, 'heartbeat'), 'utf8'));
        return lastSeen?.arrived === (said === 'something');
      });
      await first.kill();
      await engine.containers.stop(quiet!);
      for (let count = 0; count < 600; count++) await engine.containers.kill(noisy!, 'WINCH');
      const second = await serveOn(engine, { dataDir });
      await routesEqual(second, engine);
      const gaps = await within(20_000, 'the gap', async () => {
        const found = await second.events('HistoryGapDetected');
        return found.length > 0 ? found : undefined;
      });
      expect(gaps).toMatchObject([{ data: { reason: 'memory-too-short' } }]);
      await second.stop();
      expect(checkLog(dataDir)).toEqual({ valid: true, doubled: 0 });
    });
  }

  test('the service is stopped with SIGSTOP while 1,500 events pass, and goes on', async () => {
    const portolan = await serveOn(engine);
    const containers = await populate(4);
    await routesEqual(portolan, engine);
    portolan.process.kill('SIGSTOP');
    for (let count = 0; count < 1_500; count++) await engine.containers.kill(containers[count % 4]!, 'WINCH');
    await engine.containers.stop(containers[0]!);
    await sleep(2_500);
    portolan.process.kill('SIGCONT');
    await routesEqual(portolan, engine);
    // Either each one is there, or the log says that some are missing; none is there twice.
    await within(10_000, 'all signals, or a gap', async () => {
      const ids = (await portolan.events('ContainerKilled')).map((event) => event.id);
      expect(new Set(ids).size).toBe(ids.length);
      return ids.length === 1_501 || (await portolan.events('HistoryGapDetected')).length > 0;
    });
  });

  test('forged attributes: a label named exitCode, die and name do not reach routing', async () => {
    const portolan = await serveOn(engine);
    const labels = { exitCode: '0', name: 'admin', image: 'trusted', signal: '15' };
    const container = await engine.run({ name: 'forger', labels });
    await routesEqual(portolan, engine);
    await engine.containers.exit(container, 3);
    const answer = await portolan.answers('forger.docker.localhost', 503);
    expect(answer).toContain('exited with code 3');
    expect((await portolan.get('admin.docker.localhost')).status).toBe(404);
  });

  test('a secret in env and labels is nowhere: not in the data folder, the API or the log of the process', async () => {
    const dataDir = makeDataDir();
    const canary = 'c4n4ry-5f3a9d71';
    const portolan = await serveOn(engine, { dataDir });
    await engine.run({
      name: 'secretive',
      env: [`DB_PASSWORD=${canary}`, `VIRTUAL_HOST=x.test`],
      labels: {
        'app.token': canary,
        'traefik.http.middlewares.a.basicauth.users': `joe:${canary}`,
        note: canary,
      },
    });
    await routesEqual(portolan, engine);
    const created = await portolan.api('POST', '/containers', {
      image: 'nope',
      env: { KEY: canary },
      cmd: [canary],
      labels: { a: canary },
    });
    expect(created.status).toBe(404);
    const answers = await Promise.all(
      ['/containers', '/containers/secretive', '/events?limit=1000', '/audit', '/routes', '/system'].map(
        (path) => portolan.api('GET', path),
      ),
    );
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200));
    expect(answers.some((answer) => answer.body.includes(canary))).toBe(false);
    expect(JSON.stringify(portolan.log)).not.toContain(canary);
    await portolan.stop();
    for (const file of readdirSync(dataDir)) {
      expect(readFileSync(join(dataDir, file)).includes(canary), file).toBe(false);
    }
  });

  test('a label that is not known is reported, with the nearest name', async () => {
    const portolan = await serveOn(engine);
    await engine.run({ name: 'typo', labels: { 'portolan.prot': '80' } });
    await routesEqual(portolan, engine);
    const text = 'container typo: label portolan.prot is not known; did you mean portolan.port?';
    expect((await portolan.json<{ problems: string[] }>('/system')).problems).toContain(text);
    expect(portolan.log.map((line) => line['msg'])).toContain(text);
  });

  test('with the engine away commands answer 503 at once, and are recorded as failed', async () => {
    const portolan = await serveOn(engine);
    await populate(1);
    await routesEqual(portolan, engine);
    await engine.goDown({ liveRestore: true });
    await within(5_000, 'the loss', async () => (await portolan.events('EngineLost')).length === 1);
    const answer = await portolan.api('POST', '/containers/c0/stop');
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.body)).toMatchObject({ status: 503, detail: expect.stringContaining('engine') });
    expect(await portolan.events('CommandFailed')).toMatchObject([{ data: { kind: 'stop', status: 503 } }]);
    for (let round = 2; round <= 20; round += 1) {
      await portolan.api('POST', '/containers/c0/stop');
      expect(await portolan.events('CommandFailed'), 'the next question sees it').toHaveLength(round);
    }
  });

  test('a command that was under way at a kill gets an unknown outcome at the next start', async () => {
    const dataDir = makeDataDir();
    const first = await serveOn(engine, { dataDir });
    await populate(1);
    await routesEqual(first, engine);
    engine.faults.calls.set('POST /containers/', 'hang');
    const hanging = first.api('POST', '/containers/c0/stop').catch(() => null);
    await within(5_000, 'the request', async () => (await first.events('CommandRequested')).length === 1);
    await first.kill();
    await hanging;
    const second = await serveOn(engine, { dataDir });
    await within(
      5_000,
      'the outcome',
      async () => (await second.events('CommandOutcomeUnknown')).length === 1,
    );
    const { items } = await second.json<{ items: { outcome: string }[] }>('/audit?actor=api');
    expect(items.map((entry) => entry.outcome)).toEqual(['unknown']);
  });

  test('a hung stop does not delay the stream', async () => {
    const portolan = await serveOn(engine);
    const [first] = await populate(2);
    await routesEqual(portolan, engine);
    engine.faults.calls.set('POST /containers/', 'hang');
    const hanging = portolan.api('POST', '/containers/c1/stop').catch(() => null);
    await engine.containers.stop(first!);
    await portolan.answers('c0.docker.localhost', 503);
    await portolan.kill();
    await hanging;
  });

  test('the disk is full for a while: the proxy goes on, commands are refused, and the gap is recorded', async () => {
    const folder = makeDataDir();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', folder]);
    try {
      const portolan = await serveOn(engine, { dataDir: folder });
      const [first, second] = await populate(3);
      await routesEqual(portolan, engine);
      fill(join(folder, 'filler'));
      await engine.containers.stop(first!);
      await portolan.answers('c0.docker.localhost', 503);
      expect((await portolan.get('c1.docker.localhost')).status).toBe(200);
      const refused = await portolan.api('POST', '/containers/c1/stop');
      expect(refused.status).toBe(503);
      expect(refused.body).toContain('free some space');
      const system = await portolan.json<{ log: { writable: boolean; problem: string } }>('/system');
      expect(system.log).toMatchObject({ writable: false, problem: expect.stringContaining('full') });
      // The command that was refused did not do this.
      await engine.containers.stop(second!);
      expect(await portolan.answers('c1.docker.localhost', 503)).not.toContain('through the API');
      await engine.run({ name: 'newcomer' });
      await sleep(300);
      expect((await portolan.get('newcomer.docker.localhost')).status).toBe(404);
      rmSync(join(folder, 'filler'));
      await routesEqual(portolan, engine, 10_000);
      expect((await portolan.events('RecordingGapDetected')).length).toBe(1);
      await portolan.answers('newcomer.docker.localhost', 200);
      await portolan.stop();
      expect(checkLog(folder)).toEqual({ valid: true, doubled: 0 });
    } finally {
      await cleanUp().catch(() => undefined);
      execFileSync('umount', ['-l', folder]);
    }
  });

  test('the file system breaks and is read-only: served on, refused, one line at a start, and whole when repaired', async ({
    skip,
  }) => {
    const disk = createFragileDisk();
    if (disk === null) return skip('needs root, ext4 and loop devices');
    try {
      const portolan = await serveOn(engine, { dataDir: disk.folder });
      const [first] = await populate(3);
      await routesEqual(portolan, engine);
      disk.breakDown();
      await engine.containers.stop(first!);
      await portolan.answers('c0.docker.localhost', 503);
      expect((await portolan.get('c1.docker.localhost')).status).toBe(200);
      const refused = await portolan.api('POST', '/containers/c1/stop');
      expect(refused.status).toBe(503);
      expect(refused.body).toContain('read-only');
      await portolan.stop();
      const { code, error } = await startInVain({ dockerHost: engine.host, dataDir: disk.folder });
      expect(code).toBe(1);
      expect(error).toMatch(/^portolan: .*read-only.*\n$/);
      disk.repair();
      const next = await serveOn(engine, { dataDir: disk.folder });
      await routesEqual(next, engine);
      await next.answers('c0.docker.localhost', 503);
      await next.stop();
      expect(checkLog(disk.folder)).toEqual({ valid: true, doubled: 0 });
    } finally {
      await cleanUp().catch(() => undefined);
      disk.remove();
    }
  });

  test('SIGTERM drains and ends with 0, also with an open stream and a request under way', async () => {
    const portolan = await serveOn(engine, { args: ['--drain', '3s'] });
    await populate(1);
    await routesEqual(portolan, engine);
    const slow = portolan.get('c0.docker.localhost', '/slow?ms=1000');
    const stream = portolan.get('c0.docker.localhost', '/events').catch(() => null);
    await sleep(200);
    const code = portolan.stop();
    expect((await slow).status).toBe(200);
    expect(await code).toBe(0);
    await stream;
  });

  test('a reader of its output that does not read holds nothing up', async () => {
    const dataDir = makeDataDir();
    const command = new URL('../../src/engine-simulator/serve.ts', import.meta.url).pathname;
    const args = [
      '--data-dir',
      dataDir,
      '--docker-host',
      engine.host,
      '--http-port',
      '18931',
      '--api-port',
      '18932',
    ];
    const flags = '--log-level trace --log-format json';
    const shell = spawn('sh', [
      '-c',
      `"${process.execPath}" "${command}" ${args.join(' ')} ${flags} | sleep 60`,
    ]);
    try {
      await within(15_000, 'it to be ready', async () => {
        const answer = await fetch('http://127.0.0.1:18932/readyz').catch(() => null);
        return answer?.status === 200;
      });
      const pid = Number(readFileSync(join(dataDir, 'portolan.pid'), 'utf8'));
      await engine.run({ name: 'talkative' });
      for (let round = 0; round < 200; round++)
        await engine.containers.kill(engine.containers.get('talkative'), 'WINCH');
      const answer = await fetch('http://127.0.0.1:18931/', {
        headers: { host: 'talkative.docker.localhost' },
      });
      expect([200, 400, 404]).toContain(answer.status);
      process.kill(pid, 'SIGTERM');
      await within(10_000, 'it to end', async () => {
        try {
          process.kill(pid, 0);
          return false;
        } catch {
          return true;
        }
      });
    } finally {
      shell.kill('SIGKILL');
    }
  });

  test('wrong settings are one line that names flag, value and what is allowed, and exit code 2', async () => {
    const { code, error } = await startInVain({ dockerHost: 'nonsense' });
    expect(code).toBe(2);
    expect(error).toBe(
      'portolan: --docker-host is "nonsense"; allowed: unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST\n',
    );
  });
});

/** Writes until the disk is full. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (const size of [1_048_576, 4_096, 1]) {
      for (let count = 0; count < 20_000; count++) if (!tryWrite(file, size)) break;
    }
  } finally {
    closeSync(file);
  }
}

function tryWrite(file: number, size: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(size)) === size;
  } catch {
    return false;
  }
}
