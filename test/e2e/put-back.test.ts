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

async function backUp(): Promise<string> {
  const backup = join(makeDataDir(), 'backup.db');
  const db = openDatabase(logPath(portolan.dataDir), { readonly: true, synchronous: 'FULL' });
  db.prepare('VACUUM INTO ?').run(backup);
  db.close();
  return backup;
}

/** Kills Portolan once its sign of life is of more than the backup has, and lays that in the log's place. */
async function putBack(backup: string, position: number): Promise<void> {
  const { dataDir } = portolan;
  const noted = (): number => readHeartbeat(dataDir)?.position ?? 0;
  await within(10_000, 'a heartbeat of the longer log', async () => noted() > position);
  await portolan.kill();
  for (const file of ['portolan.db-wal', 'portolan.db-shm', 'portolan.head', 'projections.db'])
    rmSync(join(dataDir, file), { force: true });
  renameSync(backup, logPath(dataDir));
}

test('a backup that is put back is gone on with from where it ends', async () => {
  await engine.run({ name: 'web' });
  await portolan.answers('web.docker.localhost', 200);
  const { dataDir } = portolan;
  const backup = await backUp();
  const kept = await portolan.events();
  await engine.containers.stop(engine.containers.get('web'));
  await portolan.answers('web.docker.localhost', 503);
  await putBack(backup, kept.length);
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

test('nothing of a backup that was put back is served before the engine is reached, or told as served', async () => {
  await engine.run({ name: 'shop' });
  await portolan.answers('shop.docker.localhost', 200);
  const { dataDir } = portolan;
  const backup = await backUp();
  const kept = await portolan.events();
  await engine.run({ name: 'later' });
  await portolan.answers('later.docker.localhost', 200);
  await putBack(backup, kept.length);
  await engine.stop();
  portolan = await serveOn(engine, { dataDir });

  expect(await portolan.answers('shop.docker.localhost', 503)).toContain('has not told yet what is running');
  const told = await portolan.json<{ state: string }>('/hosts/shop.docker.localhost');
  expect(told.state).toBe('closed');
  await engine.start();
  await engine.containers.restart(engine.containers.get('shop'));
  await portolan.answers('shop.docker.localhost', 200);
});
