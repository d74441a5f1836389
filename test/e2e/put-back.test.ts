/** A backup that is put back: what came after it is lost, is not shown as if it had been served, and is asked of the engine again. */
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../src/db/open.ts';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { readHeartbeat } from '../../src/log/heartbeat.ts';
import { logPath } from '../../src/log/path.ts';
import { makeDataDir, type Portolan, within } from '../support/portolan.ts';
import { createEngine, endService, hears, serveOn } from '../support/simulated.ts';

let engine: Simulator;
let portolan: Portolan;
beforeAll(async () => {
  engine = await createEngine();
  portolan = await serveOn(engine);
  await hears(portolan);
});
afterAll(() => endService(engine));

interface Interval {
  readonly from: string;
  readonly to: string | null;
}

test('a backup that is put back is gone on with from where it ends', async () => {
  await engine.run({ name: 'web' });
  await portolan.answers('web.docker.localhost', 200);
  const { dataDir } = portolan;
  const backup = join(makeDataDir(), 'backup.db');
  const db = openDatabase(logPath(dataDir), { readonly: true, synchronous: 'FULL' });
  db.prepare('VACUUM INTO ?').run(backup);
  db.close();
  const kept = await portolan.events();
  await engine.containers.stop(engine.containers.get('web'));
  await portolan.answers('web.docker.localhost', 503);
  const noted = (): number => readHeartbeat(dataDir)?.position ?? 0;
  await within(10_000, 'a heartbeat of the longer log', async () => noted() > kept.length);
  await portolan.kill();

  for (const file of ['portolan.db-wal', 'portolan.db-shm', 'portolan.head', 'projections.db'])
    rmSync(join(dataDir, file), { force: true });
  renameSync(backup, logPath(dataDir));
  portolan = await serveOn(engine, { dataDir });
  await within(
    10_000,
    'the end of the container',
    async () => (await portolan.events('RouteClosed')).length === 1,
  );

  const [, started] = await portolan.events('PortolanStarted');
  expect(started).toMatchObject({ position: kept.length + 1, data: { lastAlive: null } });
  expect(await portolan.events('ContainerDied')).toHaveLength(1);
  const { items } = await portolan.json<{ items: Interval[] }>('/hosts/web.docker.localhost/history');
  const first = items.at(-1)!;
  const last = await portolan.json<{ recordedAt: string }>(`/events/${kept.length}`);
  expect(Date.parse(first.from)).toBeLessThanOrEqual(Date.parse(first.to!));
  expect(first.to).toBe(last.recordedAt);
});
