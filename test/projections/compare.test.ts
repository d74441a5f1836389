/** A comparison of the live projections with what the log gives: which rows differ, and how. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/db/open.ts';
import { createLogReader } from '../../src/log/read.ts';
import { compareProjections } from '../../src/projections/compare.ts';
import { createStory } from '../support/events.ts';
import { foldAll, projecting, scratch, writeLog } from '../support/projecting.ts';

/** Of live projections in which somebody has done this. */
async function comparedAfter(...changes: readonly string[]) {
  using folder = scratch();
  const { dataDir } = folder;
  const story = createStory();
  story.started('boot-1', null);
  story.connected();
  story.policy();
  for (const name of ['web', 'other']) story.container(name).started();
  await writeLog(dataDir, story.batches);
  projecting(dataDir, 'live.db', (projector) => foldAll(projector));
  const live = join(dataDir, 'live.db');
  const db = openDatabase(live, { synchronous: 'NORMAL' });
  for (const change of changes) db.exec(change);
  db.close();
  const log = createLogReader(dataDir);
  try {
    return compareProjections({ log, live, scratch: join(dataDir, 'scratch.db') });
  } finally {
    log.close();
  }
}

test('a row that was changed is shown with both of its forms, one that is missing or foreign with the one it has', async () => {
  const { differences, truncated } = await comparedAfter(
    `UPDATE routes SET owner = 'mallory' WHERE host = 'web.docker.localhost'`,
    `DELETE FROM container_names WHERE name = 'other'`,
    `INSERT INTO subjects (id, name) VALUES (9999, 'type:Forged')`,
  );
  const told = differences.map(({ table, live, rebuilt }) => [
    table,
    live?.owner ?? live?.name ?? null,
    rebuilt?.owner ?? rebuilt?.name ?? null,
  ]);
  expect(told.toSorted()).toEqual([
    ['container_names', null, 'other'],
    ['routes', 'mallory', 'web'],
    ['subjects', 'type:Forged', null],
  ]);
  expect(differences.find(({ table }) => table === 'subjects')).toMatchObject({
    projection: 'event_index',
    key: 'id=9999',
  });
  expect(truncated).toBe(false);
});

const forgeries = (count: number): string =>
  `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
   INSERT INTO subjects (id, name) SELECT 100000 + i, 'forged ' || i FROM n`;

test('a thousand differences are listed whole, and of more it is said that they are not all', async () => {
  const thousand = await comparedAfter(forgeries(1_000));
  expect([thousand.differences.length, thousand.truncated]).toEqual([1_000, false]);
  const more = await comparedAfter(forgeries(1_001));
  expect([more.differences.length, more.truncated]).toEqual([1_000, true]);
});

test('projections of which one has stopped are not compared, and it is said which stands where', async () => {
  await expect(comparedAfter(`UPDATE checkpoints SET position = 3 WHERE name = 'audit'`)).rejects.toThrow(
    /not at one position \(.*audit 3.*\)/,
  );
});
