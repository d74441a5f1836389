/** A disk that is full where only the projections are: the log goes on, and what they lack is said wherever it matters. */
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { runCli } from '../support/cli.ts';
import { cleanUp, makeDataDir, type Portolan, within } from '../support/portolan.ts';
import { createEngine, hears, routesEqual, serveOn } from '../support/simulated.ts';
import { canMount, fillUp, mountSmall } from '../support/small-disk.ts';

const mountable = canMount();
if (!mountable) process.stderr.write('SKIPPED full disk of the projections: mounting needs root on Linux\n');

interface System {
  readonly log: { readonly position: number; readonly writable: boolean };
  readonly projections: readonly { readonly position: number; readonly problem: string }[];
  readonly problems: readonly string[];
}

describe.skipIf(!mountable)('a disk that is full where only the projections are', () => {
  let engine: Simulator;
  beforeAll(async () => {
    engine = await createEngine();
  });
  afterAll(async () => {
    await cleanUp();
    await engine.stop();
  });

  const systemOf = (portolan: Portolan): Promise<System> => portolan.json<System>('/system');

  /** Things happen until there is no room for them. */
  const untilStale = (portolan: Portolan): Promise<System> =>
    within(10_000, 'stale projections', async () => {
      await engine.containers.restart(engine.containers.get('early'));
      const system = await systemOf(portolan);
      return system.problems.length > 0 ? system : null;
    });
  const untilCaughtUp = (portolan: Portolan): Promise<System> =>
    within(10_000, 'projections that follow again', async () => {
      const system = await systemOf(portolan);
      const { position } = system.log;
      return system.projections.every((one) => one.position === position && one.problem === '') && system;
    });
  const staleLines = (portolan: Portolan): number =>
    portolan.log.filter(({ msg }) => msg === 'the projections are stale').length;

  /** The log itself is elsewhere. */
  function splitFolder(): string {
    const folder = mountSmall('3m');
    const log = join(makeDataDir(), 'log');
    mkdirSync(log);
    symlinkSync(join(log, 'portolan.db'), join(folder, 'portolan.db'));
    return folder;
  }

  test('the log goes on, what answers lack is said, and they catch up when there is space again', async () => {
    const folder = splitFolder();
    const portolan = await serveOn(engine, { dataDir: folder });
    await hears(portolan);
    await engine.run({ name: 'early' });
    await routesEqual(portolan, engine);
    const free = fillUp(folder);
    await untilStale(portolan);
    await engine.run({ name: 'late' });
    await portolan.answers('late.docker.localhost', 200);

    const { log, projections, problems } = await systemOf(portolan);
    const position = Math.min(...projections.map((one) => one.position));
    const reason = 'projections.db cannot be written: database or disk is full';
    expect(log.writable).toBe(true);
    expect(position).toBeLessThan(log.position);
    expect(projections.every(({ problem }) => problem === reason)).toBe(true);
    const lacking = `answers know the log up to position ${position} only: ${reason}`;
    expect(problems).toEqual([lacking]);
    expect((await portolan.api('GET', '/audit')).headers['portolan-stale']).toBe(lacking);
    const listed = await runCli({ apiPort: portolan.apiPort, dataDir: folder }, ['routes']);
    expect(listed).toMatchObject({ code: 0, error: `portolan: ${lacking}\n` });
    const { body: metrics } = await portolan.api('GET', '/metrics');
    expect(metrics).toContain('portolan_projection_stale{projection="routes"} 1');
    const caveat = `What came after position ${position} is not looked at here: ${reason}.`;
    const why = await portolan.json<{ sentence: string }>('/hosts/late.docker.localhost/why');
    const late = await portolan.json<{ sentence: string }>('/hosts/late.docker.localhost');
    expect(why.sentence).toContain(caveat);
    expect(late.sentence).toContain(caveat);

    const then = `at=position:${log.position}`;
    const url = `url=${encodeURIComponent('http://late.docker.localhost/')}`;
    for (const path of [
      `/routes?${then}`,
      `/hosts?${then}`,
      `/hosts/late.docker.localhost?${then}`,
      `/hosts/late.docker.localhost/why?${then}`,
      `/hosts/early.docker.localhost/diff`,
      `/resolve?${url}&${then}`,
      `/diff?from=position:1`,
    ]) {
      const { status, body } = await portolan.api('GET', path);
      expect([path, status]).toEqual([path, 503]);
      expect(body).toContain(`the projections know the log up to position ${position} (${reason})`);
    }
    const known = await portolan.api('GET', `/routes?at=position:${position}`);
    expect(known.status).toBe(200);
    const beyond = await portolan.api('GET', '/routes?at=position:999999');
    expect(beyond.status).toBe(400);

    for (const mode of ['rebuild', 'compare']) {
      const { id } = JSON.parse((await portolan.api('POST', '/replays', { mode })).body) as { id: string };
      const ended = await within(10_000, `the end of ${mode}`, async () => {
        const replay = await portolan.json<{ state: string; error: string }>(`/replays/${id}`);
        return replay.state !== 'running' && replay;
      });
      expect(ended).toMatchObject({ state: 'failed', error: `${reason}; free space on its disk` });
    }
    expect(readdirSync(folder).filter((file) => file.startsWith('replay-'))).toEqual([]);

    free();
    const after = await untilCaughtUp(portolan);
    expect(after.problems).toEqual([]);
    expect((await portolan.api('GET', '/audit')).headers['portolan-stale']).toBeUndefined();
    expect(JSON.parse((await portolan.api('POST', '/log/verify', {})).body)).toMatchObject({ valid: true });
    expect((await portolan.json<{ state: string }>('/hosts/late.docker.localhost')).state).toBe('open');

    // The next time is told, too, and a start on a full disk as well.
    const told = staleLines(portolan);
    expect(told).toBeGreaterThan(0);
    const freeAgain = fillUp(folder);
    await untilStale(portolan);
    expect(staleLines(portolan)).toBeGreaterThan(told);
    expect(await portolan.stop()).toBe(0);
    const next = await serveOn(engine, { dataDir: folder });
    await untilStale(next);
    await next.answers('late.docker.localhost', 200);
    freeAgain();
    await untilCaughtUp(next);
    expect(await next.stop()).toBe(0);
  }, 90_000);
});
