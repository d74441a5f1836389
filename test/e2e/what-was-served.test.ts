/** What was served is what the logbook says of that moment: each answer of a stormy minute against `resolve?at=`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { createLogReader } from '../../src/log/read.ts';
import { describeOnDocker, images } from '../support/docker.ts';
import { holdAgainstFold, withPast } from '../support/past.ts';
import { cleanUp, makeDataDir, type Portolan, startPortolan, within } from '../support/portolan.ts';
import { createEngine, hears, serveOn } from '../support/simulated.ts';

interface Line {
  readonly host: string;
  readonly status: number | null;
  readonly position: number | null;
  readonly target: { readonly container: string; readonly startedAt: string } | null;
}

interface Resolution {
  readonly targets: readonly { readonly container: string; readonly startedAt: string }[];
}

/** Visits the hosts one after the other, again and again, until told to stop. */
function visit(portolan: Portolan, hosts: readonly string[]): { stop(): Promise<void> } {
  let going = true;
  const visitor = async (first: number): Promise<void> => {
    for (let turn = first; going; turn += 1) {
      await portolan.get(hosts[turn % hosts.length]!).catch(() => null);
    }
  };
  const visitors = [0, 3, 5, 7].map(visitor);
  return {
    async stop() {
      going = false;
      await Promise.all(visitors);
    },
  };
}

/** Every answer that came from a container, each kind of it once. */
async function answersIn(file: string): Promise<Line[]> {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const answered = lines.map((line): Line => JSON.parse(line)).filter(({ target }) => target !== null);
  const kinds = new Map(
    answered.map((one) => [
      `${one.host} ${one.position} ${one.target!.container} ${one.target!.startedAt}`,
      one,
    ]),
  );
  return [...kinds.values()];
}

async function holdAgainstLog(portolan: Portolan, file: string): Promise<number> {
  const answers = await answersIn(file);
  for (const { host, position, target } of answers) {
    const moment = `url=http://${host}/&at=position:${position}`;
    const { targets } = await portolan.json<Resolution>(`/resolve?${moment}`);
    const named = targets.map(({ container, startedAt }) => ({ container, startedAt }));
    expect(named, moment).toContainEqual({ container: target!.container, startedAt: target!.startedAt });
  }
  return answers.length;
}

describe('under load, each answer came from a target that resolve names for its moment', () => {
  let engine: Simulator;
  afterEach(async () => {
    await cleanUp();
    await engine.stop();
  });

  test('while containers start, stop, are replaced and take over from each other', {
    timeout: 60_000,
  }, async () => {
    engine = await createEngine();
    const file = join(makeDataDir(), 'access.log');
    const portolan = await serveOn(engine, { args: ['--access-log', file, '--workers', '2'] });
    await hears(portolan);
    const shared = { 'portolan.service': 'shop', 'portolan.host': 'shop.test' };
    for (const name of ['shop-a', 'shop-b', 'shop-c']) await engine.run({ name, labels: shared });
    await engine.run({ name: 'lone' });
    const hosts = ['shop.test', 'lone.docker.localhost', 'shop.test', 'shop-a.docker.localhost'];
    await portolan.answers('shop.test', 200);
    await portolan.answers('lone.docker.localhost', 200);
    const load = visit(portolan, hosts);
    for (let round = 0; round < 12; round += 1) {
      const name = ['shop-a', 'shop-b', 'shop-c', 'lone'][round % 4]!;
      const container = engine.containers.get(name);
      if (round % 3 === 0) await engine.containers.restart(container, 0);
      else if (round % 3 === 1) {
        await engine.containers.stop(container, 0);
        await engine.containers.start(container);
      } else {
        await engine.containers.remove(container, true);
        await engine.run({ name, labels: name === 'lone' ? {} : shared });
      }
      await sleep(100);
    }
    await within(
      10_000,
      'all to be served again',
      async () => (await portolan.get('lone.docker.localhost')).status === 200,
    );
    await load.stop();
    await sleep(300);
    expect(await holdAgainstLog(portolan, file)).toBeGreaterThan(12);
  });
});

describeOnDocker('in a storm on a real engine', (engine) => {
  afterEach(async () => {
    await cleanUp();
    await engine.cleanUp();
  });

  test('each answer came from a target that resolve names for its moment, and the past is the fold at every position', {
    timeout: 600_000,
  }, async () => {
    const file = join(makeDataDir(), 'access.log');
    const portolan = await startPortolan({
      dockerHost: engine.host,
      args: ['--access-log', file, '--workers', '2'],
    });
    await hears(portolan);
    const size = Number(process.env['STORM_CONTAINERS'] ?? 12);
    const names = Array.from({ length: size }, (_, at) => `${engine.prefix}${at}`);
    const shared = (at: number): string[] =>
      at % 2 === 0
        ? ['-l', `portolan.service=${engine.prefix}s`, '-l', `portolan.host=${engine.prefix}s.test`]
        : [];
    const run = (at: number): Promise<string> =>
      engine.cli('run', '-d', '--name', names[at]!, ...shared(at), images.web);
    for (let at = 0; at < names.length; at += 1) await run(at);
    const hosts = [`${engine.prefix}s.test`, ...names.slice(0, 6).map((name) => `${name}.docker.localhost`)];
    await portolan.answers(hosts[0]!, 200);
    const load = visit(portolan, hosts);
    for (let round = 0; round < size; round += 1) {
      const at = (round * 5) % names.length;
      if (round % 3 === 0) await engine.cli('restart', '-t', '0', names[at]!);
      else if (round % 3 === 1) {
        await engine.cli('stop', '-t', '0', names[at]!);
        await engine.cli('start', names[at]!);
      } else {
        await engine.cli('rm', '-f', names[at]!);
        await run(at);
      }
    }
    await load.stop();
    await sleep(300);
    expect(await holdAgainstLog(portolan, file)).toBeGreaterThan(20);

    const { position: head } = await portolan.json<{ position: number }>('/log');
    await within(10_000, 'the projections', async () => {
      const { projections } = await portolan.json<{ projections: { position: number }[] }>('/system');
      return projections.every((one) => one.position >= head);
    });
    await portolan.stop();
    const log = createLogReader(portolan.dataDir);
    const events = log.read(0 as never, 100_000, (unreadable) => expect(unreadable).toBeNull());
    log.close();
    expect(events.length).toBeGreaterThan(size * 5);
    await withPast(portolan.dataDir, (past) => holdAgainstFold(past, events));
  });
});
