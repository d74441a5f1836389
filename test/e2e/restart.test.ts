/** Restarts on a real engine: killed at any moment, with the engine there or away, nothing is lost or recorded twice. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { describeOnDocker, images } from '../support/docker.ts';
import { checkLog } from '../support/log-check.ts';
import {
  cleanUp,
  makeDataDir,
  type Portolan,
  startInVain,
  startPortolan,
  within,
} from '../support/portolan.ts';
import { createRelay } from '../support/relay.ts';

describeOnDocker('after a kill', (engine) => {
  const name = (suffix: string): string => `${engine.prefix}${suffix}`;
  const hostOf = (suffix: string): string => `${name(suffix)}.docker.localhost`;
  const run = (suffix: string): Promise<string> =>
    engine.cli('run', '-d', '--name', name(suffix), images.web);
  const status = (portolan: Portolan, host: string, wanted: number): Promise<string> =>
    portolan.answers(host, wanted);
  afterEach(async () => {
    await cleanUp();
    await engine.cleanUp();
  });
  afterAll(cleanUp);

  test('the last known routes are served with the engine away, unconfirmed; then it catches up', async () => {
    const dataDir = makeDataDir();
    const relay = await createRelay(join(dataDir, 'engine.sock'), engine.host);
    const first = await startPortolan({ dockerHost: relay.host, dataDir });
    await run('stays');
    await run('leaves');
    await status(first, hostOf('stays'), 200);
    await status(first, hostOf('leaves'), 200);
    await first.kill();
    await relay.close();

    const second = await startPortolan({ dockerHost: relay.host, dataDir });
    expect((await second.get(hostOf('stays'))).status).toBe(200);
    const { items } = await second.json<{ items: { state: string }[] }>(`/routes?host=${hostOf('stays')}`);
    expect(items[0]?.state).toBe('unconfirmed');
    const refused = await second.api('POST', `/containers/${name('stays')}/stop`);
    expect(refused.status).toBe(503);

    await engine.cli('rm', '-f', name('leaves'));
    await run('comes');
    await relay.open();
    await status(second, hostOf('comes'), 200);
    await status(second, hostOf('leaves'), 503);
    await status(second, hostOf('stays'), 200);
    await within(
      5_000,
      'confirmation',
      async () => (await second.json<{ trust: string }>('/system')).trust === 'confirmed',
    );
    const failed = await second.events('CommandFailed');
    expect(failed).toMatchObject([{ data: { kind: 'stop', status: 503 } }]);
    await second.stop();
    expect(checkLog(dataDir)).toEqual({ valid: true, doubled: 0 });
    await relay.close();
  });

  test('on another boot of the machine nothing is served until the engine has confirmed it', async () => {
    const dataDir = makeDataDir();
    const relay = await createRelay(join(dataDir, 'engine.sock'), engine.host);
    const first = await startPortolan({ dockerHost: relay.host, dataDir });
    await run('web');
    await status(first, hostOf('web'), 200);
    await first.stop();
    await relay.close();
    const heartbeat = join(dataDir, 'heartbeat');
    writeFileSync(
      heartbeat,
      JSON.stringify({ ...JSON.parse(readFileSync(heartbeat, 'utf8')), bootId: 'another' }),
    );
    const second = await startPortolan({ dockerHost: relay.host, dataDir });
    await status(second, hostOf('web'), 503);
    // Not after a further start on this boot, either: nobody has confirmed it since.
    await second.kill();
    const third = await startPortolan({ dockerHost: relay.host, dataDir });
    await status(third, hostOf('web'), 503);
    await relay.open();
    await status(third, hostOf('web'), 200);
    await relay.close();
  });

  test('a restart without changes appends nothing but that it restarted', async () => {
    const dataDir = makeDataDir();
    const first = await startPortolan({ dockerHost: engine.host, dataDir });
    await run('calm');
    await status(first, hostOf('calm'), 200);
    await first.stop();
    const second = await startPortolan({ dockerHost: engine.host, dataDir });
    await status(second, hostOf('calm'), 200);
    await within(
      5_000,
      'confirmation',
      async () => (await second.json<{ trust: string }>('/system')).trust === 'confirmed',
    );
    const events = await second.events();
    const restarted = events.map((event) => event.type).lastIndexOf('PortolanStarted');
    const nameOf = (event: (typeof events)[number]): string =>
      event.data.claimed?.name ?? event.data.name ?? '';
    expect(events.slice(restarted).filter((event) => nameOf(event) === name('calm'))).toEqual([]);
  });

  test('what happened meanwhile is caught up: told by signals where the engine remembers, else inferred', async () => {
    const dataDir = makeDataDir();
    const first = await startPortolan({ dockerHost: engine.host, dataDir });
    await run('quick');
    await run('forgotten');
    await status(first, hostOf('quick'), 200);
    await status(first, hostOf('forgotten'), 200);
    await first.kill();
    await engine.cli('stop', '-t', '0', name('forgotten'));
    for (let round = 0; round < 30; round++) {
      await Promise.all(Array.from({ length: 10 }, () => engine.cli('kill', '-s', 'WINCH', name('quick'))));
    }
    await engine.cli('restart', '-t', '0', name('quick'));
    const second = await startPortolan({ dockerHost: engine.host, dataDir });
    await status(second, hostOf('quick'), 200);
    await status(second, hostOf('forgotten'), 503);
    await within(5_000, 'the gap', async () => (await second.events('HistoryGapDetected')).length === 1);
    const closed = (await second.events('RouteClosed')).find(
      (event) => event.data.name === name('forgotten'),
    );
    expect(closed?.inferred).toBe(true);
    const observed = (await second.events('ContainerObserved')).findLast(
      (event) => event.data.name === name('forgotten'),
    );
    expect(observed?.data.occurredBetween).toHaveLength(2);
    await second.stop();
    expect(checkLog(dataDir)).toEqual({ valid: true, doubled: 0 });
  });

  /** Waits until each running container of this file, and no other, is routed. */
  async function equalsEngine(portolan: Portolan): Promise<void> {
    const names = await engine.cli('ps', '--format', '{{.Names}}', '--filter', `name=^/${engine.prefix}`);
    const running = names.split('\n').filter(Boolean).sort();
    await within(8_000, 'routes to equal the engine', async () => {
      const page = await portolan.json<{ items: { targets: { name: string }[] }[] }>('/routes?limit=1000');
      const routed = page.items.flatMap((route) => route.targets.map((target) => target.name));
      return (
        JSON.stringify(routed.filter((one) => one.startsWith(engine.prefix)).sort()) ===
        JSON.stringify(running)
      );
    });
  }

  test('killed at random moments of a storm, the routes equal what the engine has after each restart', async () => {
    const dataDir = makeDataDir();
    const rounds = Number(process.env['STORM_ROUNDS'] ?? 5);
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    await Promise.all(names.map(run));
    for (let round = 0; round < rounds; round++) {
      const portolan = await startPortolan({ dockerHost: engine.host, dataDir });
      await equalsEngine(portolan);
      const storm = Promise.all(
        names.map((one, at) => engine.cli((round + at) % 2 ? 'stop' : 'restart', '-t', '0', name(one))),
      );
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 800));
      await portolan.kill();
      await storm;
      expect(checkLog(dataDir)).toEqual({ valid: true, doubled: 0 });
    }
    const last = await startPortolan({ dockerHost: engine.host, dataDir });
    await equalsEngine(last);
    await last.stop();
    expect(checkLog(dataDir)).toEqual({ valid: true, doubled: 0 });
  });

  test('a second process on the same folder gets one clear line and changes nothing', async () => {
    const first = await startPortolan({ dockerHost: engine.host });
    const { dataDir, port, apiPort } = first;
    // Started twice as it is, too: then its ports are taken as well.
    for (const args of [[], ['--http-port', String(port), '--api-port', String(apiPort)]]) {
      const { code, error } = await startInVain({ dockerHost: engine.host, dataDir, args });
      expect(code).toBe(1);
      expect(error).toMatch(/^portolan: another Portolan \(process \d+\) uses this data folder; .*\n$/);
    }
  });

  test('a taken port is one clear line, and no half start', async () => {
    const first = await startPortolan({ dockerHost: engine.host });
    const dataDir = makeDataDir();
    const args = ['--http-port', String(first.port)];
    const proxy = await startInVain({ dockerHost: engine.host, dataDir, args });
    expect(proxy.code).toBe(1);
    expect(proxy.error).toMatch(/^portolan: .*taken.*\n$/);
    const api = await startInVain({
      dockerHost: engine.host,
      dataDir,
      args: ['--api-port', String(first.apiPort)],
    });
    expect(api.code).toBe(1);
    expect(api.error).toMatch(/^portolan: .*taken.*\n$/);
    expect(checkLog(dataDir).events).toBe(0);
  });
});
