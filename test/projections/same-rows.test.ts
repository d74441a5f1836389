/** The same rows, however the log is cut into batches, and live as in a rebuild. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLogReader } from '../../src/log/read.ts';
import { rebuild } from '../../src/projections/rebuild.ts';
import { rebuildInTwo } from '../../src/projections/rebuild-in-two.ts';
import { allProjections } from '../../src/projections/registry.ts';
import { routeHistory } from '../../src/projections/route-history.ts';
import { createStory } from '../support/events.ts';
import { lifecycles } from '../support/lifecycles.ts';
import { dump, foldAll, poison, projecting, rowsOf, scratch, writeLog } from '../support/projecting.ts';

const stories = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  length: fc.integer({ min: 1, max: 60 }),
  sizes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
});

test('a rebuild gives row by row what was folded live in batches of any size', async () => {
  await fc.assert(
    fc.asyncProperty(stories, async ({ seed, length, sizes }) => {
      using folder = scratch();
      const { dataDir } = folder;
      await writeLog(dataDir, lifecycles(seed, length).batches);
      projecting(dataDir, 'live.db', (projector) => foldAll(projector, sizes));
      const log = createLogReader(dataDir);
      const position = rebuild({ log, path: join(dataDir, 'rebuilt.db'), batch: 7 });
      expect(position).toBe(log.head().position);
      log.close();
      expect(dump(join(dataDir, 'live.db'))).toEqual(dump(join(dataDir, 'rebuilt.db')));
    }),
    { numRuns: 30 },
  );
});

test('a projection that is rebuilt from the events of its own types alone has the same rows', async () => {
  await fc.assert(
    fc.asyncProperty(stories, async ({ seed, length }) => {
      using folder = scratch();
      const { dataDir } = folder;
      await writeLog(dataDir, lifecycles(seed, length).batches);
      projecting(dataDir, 'live.db', (projector) => foldAll(projector));
      const live = dump(join(dataDir, 'live.db'));
      const log = createLogReader(dataDir);
      const path = join(dataDir, 'alone.db');
      for (const projection of allProjections.filter(({ types }) => types !== undefined)) {
        rebuild({ log, path, batch: 13, projections: [projection] });
        const alone = dump(path);
        for (const table of projection.tables) expect(alone[table]).toEqual(live[table]);
      }
      log.close();
    }),
    { numRuns: 20 },
  );
});

test('a log that begins, and goes on, with events that a projection does not look at gives it the same rows', async () => {
  for (const length of [1, 2]) {
    using folder = scratch();
    const { dataDir } = folder;
    const story = createStory();
    const web = story.container('web');
    web.signal('ContainerStarted');
    if (length === 2) story.started('boot-1', null);
    await writeLog(dataDir, story.batches);
    projecting(dataDir, 'live.db', (projector) => foldAll(projector));
    const log = createLogReader(dataDir);
    const path = join(dataDir, 'alone.db');
    rebuild({ log, path, projections: [routeHistory] });
    log.close();
    for (const table of routeHistory.tables)
      expect(dump(path)[table]).toEqual(dump(join(dataDir, 'live.db'))[table]);
  }
});

test('a rebuild on two threads gives row by row what one thread gives, and leaves no file beside it', async () => {
  for (const batch of [30, undefined]) {
    using folder = scratch();
    const { dataDir } = folder;
    await writeLog(dataDir, lifecycles(11, 40).batches);
    const log = createLogReader(dataDir);
    const told: number[] = [];
    const onProgress = (position: number): unknown => told.push(position);
    const path = join(dataDir, 'two.db');
    const position = await rebuildInTwo({ log, dataDir, path, batch, worthwhile: 0, onProgress });
    expect(position).toBe(log.head().position);
    expect(told.at(-1)).toBe(position);
    expect(told).toEqual(told.toSorted((one, other) => one - other));
    rebuild({ log, path: join(dataDir, 'one.db') });
    log.close();
    expect(dump(path)).toEqual(dump(join(dataDir, 'one.db')));
    expect(indexesOf(path)).toEqual(indexesOf(join(dataDir, 'one.db')));
    expect(readdirSync(dataDir).filter((file) => file.startsWith('two.db-second'))).toEqual([]);
  }
});

test('a rebuild on two threads ends where it is told to', async () => {
  using folder = scratch();
  const { dataDir } = folder;
  await writeLog(dataDir, lifecycles(12, 60).batches);
  const log = createLogReader(dataDir);
  const options = { log, until: 50, batch: 20 };
  expect(await rebuildInTwo({ ...options, dataDir, path: join(dataDir, 'two.db'), worthwhile: 0 })).toBe(50);
  rebuild({ ...options, path: join(dataDir, 'one.db') });
  log.close();
  expect(dump(join(dataDir, 'two.db'))).toEqual(dump(join(dataDir, 'one.db')));
});

test('a rebuild on two threads stops at an event that cannot be read, whichever thread looks at such', async () => {
  for (const type of ['ContainerStarted', 'ContainerObserved', 'RouteOpened', 'PortolanStarted']) {
    using folder = scratch();
    const { dataDir } = folder;
    const story = lifecycles(13, 20);
    await writeLog(dataDir, story.batches);
    const spoilt = story.events().findIndex((event) => event.type === type) + 1;
    poison(dataDir, spoilt);
    const log = createLogReader(dataDir);
    const rebuilt = rebuildInTwo({ log, dataDir, path: join(dataDir, 'two.db'), worthwhile: 0 });
    await expect(rebuilt).rejects.toThrow(`the event at position ${spoilt} (${type}) cannot be read`);
    log.close();
    expect(readdirSync(dataDir).filter((file) => file.startsWith('two.db'))).toEqual([]);
  }
});

const indexesOf = (path: string): unknown[] =>
  rowsOf(path, "SELECT name, sql FROM sqlite_master WHERE type = 'index' ORDER BY name");

test('it goes on in another run where the one before stopped', async () => {
  using folder = scratch();
  const { dataDir } = folder;
  await writeLog(dataDir, lifecycles(7, 80).batches);
  projecting(dataDir, 'whole.db', (projector) => foldAll(projector));
  // Each time the file is closed after one batch, and opened again.
  let more = true;
  while (more) more = projecting(dataDir, 'pieces.db', (projector) => projector.step(9));
  expect(dump(join(dataDir, 'pieces.db'))).toEqual(dump(join(dataDir, 'whole.db')));
});
