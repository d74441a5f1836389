/** Which containers a name, an id or the beginning of one means. */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openProjections } from '../../src/projections/file.ts';
import { createContainerFinder } from '../../src/queries/container-finder.ts';
import { createStory, engine } from '../support/events.ts';
import { foldAll, projecting, scratch, writeLog } from '../support/projecting.ts';

async function finder() {
  const folder = scratch();
  onTestFinished(() => folder[Symbol.dispose]());
  const { dataDir } = folder;
  const story = createStory();
  story.started('boot-1', null);
  story.connected();
  story.policy();
  const [web, other] = ['web', 'other'].map((name) => story.container(name));
  for (const one of [web!, other!]) one.started();
  await writeLog(dataDir, story.batches);
  projecting(dataDir, 'p.db', (projector) => foldAll(projector));
  const db = openProjections(join(dataDir, 'p.db'), () => undefined);
  onTestFinished(() => void db.close());
  const idsOf = (text: string) => createContainerFinder(db)(text).map(({ id }) => id);
  return { db, idsOf, web: web!.id, other: other!.id };
}

test('a name and a whole id mean their container, nothing means one that never was', async () => {
  const { db, idsOf, web, other } = await finder();
  expect(createContainerFinder(db)('web')).toEqual([{ engine, id: web }]);
  expect(idsOf(other)).toEqual([other]);
  expect([idsOf('we'), idsOf('f'.repeat(64)), idsOf('f'.repeat(12)), idsOf('')]).toEqual([[], [], [], []]);
});

test('the beginning of an id means its container from twelve digits on, as docker shows them, and none that two have', async () => {
  const { db, idsOf, web } = await finder();
  expect([idsOf(web.slice(0, 12)), idsOf(web.slice(0, 63)), idsOf(web.slice(0, 11))]).toEqual([
    [web],
    [web],
    [],
  ]);
  const columns = (db.pragma('table_info(containers)') as { name: string }[]).map(({ name }) => name);
  const twin = `${web.slice(0, 20)}${'b'.repeat(44)}`;
  db.prepare(
    `INSERT INTO containers SELECT ${columns.map((name) => (name === 'id' ? '?' : name)).join(', ')} FROM containers WHERE id = ?`,
  ).run(twin, web);
  expect([idsOf(web.slice(0, 12)), idsOf(web.slice(0, 21))]).toEqual([[], [web]]);
});
