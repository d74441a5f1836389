/** The projector: what stops one projection stops neither the others nor the log, and nothing is ever skipped. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { UnreadableEvent } from '../../src/log/port.ts';
import { createLogReader } from '../../src/log/read.ts';
import { RebuildStopped } from '../../src/projections/bulk.ts';
import { openProjections } from '../../src/projections/file.ts';
import type { Projection } from '../../src/projections/projection.ts';
import { createProjector } from '../../src/projections/projector.ts';
import { rebuild } from '../../src/projections/rebuild.ts';
import { rebuildInTwo } from '../../src/projections/rebuild-in-two.ts';
import { allProjections } from '../../src/projections/registry.ts';
import { createStory } from '../support/events.ts';
import { lifecycles } from '../support/lifecycles.ts';
import { dump, foldAll, poison, projecting, rowsOf, scratch, writeLog } from '../support/projecting.ts';

/** Notes positions in a table of its own, and throws at one of them. */
const brittle = (failsAt: number, version = 1): Projection => ({
  name: 'brittle',
  version,
  tables: ['brittle'],
  open(db) {
    db.exec('CREATE TABLE IF NOT EXISTS brittle (position INTEGER PRIMARY KEY)');
    const put = db.prepare('INSERT INTO brittle (position) VALUES (?)');
    return {
      apply({ position }) {
        put.run(position);
        if (position === failsAt) throw new Error('a defect');
      },
    };
  },
});

describe('a projection that throws', () => {
  for (const batch of [1, 7, 1_000]) {
    test(`stops right before the event at which it failed, in batches of ${batch}`, async () => {
      using folder = scratch();
      await writeLog(folder.dataDir, lifecycles(1, 10).batches);
      const progress = projecting(
        folder.dataDir,
        'p.db',
        (projector) => {
          foldAll(projector, [batch]);
          return projector.progress();
        },
        [...allProjections, brittle(20)],
      );
      expect(progress.at(-1)).toMatchObject({ name: 'brittle', position: 19 });
      expect(progress.at(-1)!.problem).toMatch(/stopped at position 20 .*a defect/);
      const rows = rowsOf<{ position: number }>(join(folder.dataDir, 'p.db'), 'SELECT position FROM brittle');
      expect(rows.map((row) => row.position)).toEqual(Array.from({ length: 19 }, (_, index) => index + 1));
    });
  }

  test('holds up no other', async () => {
    using folder = scratch();
    await writeLog(folder.dataDir, lifecycles(2, 30).batches);
    projecting(folder.dataDir, 'alone.db', (projector) => foldAll(projector));
    projecting(folder.dataDir, 'with.db', (projector) => foldAll(projector, [11]), [
      brittle(1),
      ...allProjections,
    ]);
    const { brittle: _, checkpoints, ...others } = dump(join(folder.dataDir, 'with.db'));
    const alone = dump(join(folder.dataDir, 'alone.db'));
    expect({ ...others, checkpoints: checkpoints!.filter((row) => row !== '["brittle",1,0,""]') }).toEqual(
      alone,
    );
    expect(checkpoints).toHaveLength(allProjections.length + 1);
  });

  test('is tried again in the next run', async () => {
    using folder = scratch();
    await writeLog(folder.dataDir, lifecycles(3, 5).batches);
    projecting(folder.dataDir, 'p.db', (projector) => foldAll(projector), [brittle(9)]);
    const [after] = projecting(
      folder.dataDir,
      'p.db',
      (projector) => {
        foldAll(projector);
        return projector.progress();
      },
      [brittle(0)],
    );
    expect(after!.problem).toBe('');
    const [{ count }] = rowsOf<{ count: number }>(
      join(folder.dataDir, 'p.db'),
      'SELECT count(*) AS count FROM brittle',
    ) as [{ count: number }];
    expect(count).toBe(after!.position);
  });
});

describe('a second thread of a rebuild that does not get on is given up, and nothing is left of it', () => {
  const progress = `import { parentPort } from 'node:worker_threads';
    parentPort.postMessage({ kind: 'progress', position: 1 });`;

  test.each([
    ['as it hangs from its start', 'setInterval(() => undefined, 1_000)'],
    ['as it hangs after a while', `${progress} setInterval(() => undefined, 1_000)`],
    ['as it spins', `${progress} for (;;);`],
  ])('%s', async (_, code) => {
    using folder = scratch();
    const { dataDir } = folder;
    await writeLog(dataDir, lifecycles(5, 10).batches);
    const thread = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
    const log = createLogReader(dataDir);
    const options = { log, dataDir, path: join(dataDir, 'new.db'), worthwhile: 0, thread, patience: 120 };
    await expect(rebuildInTwo(options)).rejects.toThrow(/does not get on/);
    log.close();
    expect(readdirSync(dataDir).filter((name) => name.startsWith('new'))).toEqual([]);
  });
});

describe('a projection of another version', () => {
  test('is built again, while the others go on from where they were', async () => {
    using folder = scratch();
    await writeLog(folder.dataDir, lifecycles(4, 20).batches);
    const other = { ...brittle(0), name: 'other' };
    const steady: Projection = {
      ...brittle(0),
      name: 'steady',
      tables: [],
      open: () => ({ apply: () => undefined }),
    };
    projecting(folder.dataDir, 'p.db', (projector) => foldAll(projector), [steady, other]);
    const positions = projecting(
      folder.dataDir,
      'p.db',
      (projector) => {
        const before = projector.progress().map((one) => one.position);
        projector.step(10);
        return [before, projector.progress().map((one) => one.position)];
      },
      [steady, { ...other, version: 2 }],
    );
    const head = positions[0]![0]!;
    expect(positions).toEqual([
      [head, 0],
      [head, 10],
    ]);
  });

  test('that is far behind does not hold up those at the head', async () => {
    using folder = scratch();
    const story = lifecycles(5, 20);
    const half = Math.floor(story.batches.length / 2);
    await writeLog(folder.dataDir, story.batches.slice(0, half));
    projecting(folder.dataDir, 'p.db', (projector) => foldAll(projector));
    await writeLog(folder.dataDir, story.batches.slice(half));
    const moved = projecting(
      folder.dataDir,
      'p.db',
      (projector) => {
        const before = projector.progress().map((one) => one.position);
        projector.step(1);
        return projector.progress().map((one, index) => one.position - before[index]!);
      },
      [allProjections[0]!, brittle(0)],
    );
    expect(moved).toEqual([1, 1]);
  });
});

test('projections of another log are thrown away', async () => {
  using folder = scratch();
  using other = scratch();
  await writeLog(folder.dataDir, lifecycles(6, 20).batches);
  await writeLog(other.dataDir, lifecycles(7, 30).batches);
  projecting(folder.dataDir, 'fresh.db', (projector) => foldAll(projector));
  projecting(other.dataDir, 'p.db', (projector) => foldAll(projector));
  const log = createLogReader(folder.dataDir);
  const db = openProjections(join(other.dataDir, 'p.db'), () => undefined);
  foldAll(createProjector(db, log, allProjections, () => undefined));
  db.close();
  log.close();
  expect(dump(join(other.dataDir, 'p.db'))).toEqual(dump(join(folder.dataDir, 'fresh.db')));
});

describe('an event that no longer parses', () => {
  async function poisoned() {
    const folder = scratch();
    const story = createStory();
    story.policy();
    const web = story.container('web');
    web.started();
    story.pass(60_000);
    web.started();
    const changed = story.events().findIndex((event) => event.type === 'RouteChanged') + 1;
    story.pass(60_000);
    story.container('other').started();
    await writeLog(folder.dataDir, story.batches);
    poison(folder.dataDir, changed);
    return { folder, position: changed };
  }

  test('is set aside and reported once, and the rest goes on', async () => {
    const { folder, position } = await poisoned();
    using _ = folder;
    const reported: UnreadableEvent[] = [];
    const log = createLogReader(folder.dataDir);
    const db = openProjections(join(folder.dataDir, 'p.db'), () => undefined);
    const projector = createProjector(db, log, allProjections, (event) => reported.push(event));
    foldAll(projector, [3]);
    const head = log.head().position;
    expect(projector.progress().every((one) => one.position === head && one.problem === '')).toBe(true);
    db.close();
    log.close();
    expect(reported).toMatchObject([{ position, type: 'RouteChanged' }]);
  });

  test('closes the route that it is about: what was decided is not known', async () => {
    const { folder, position } = await poisoned();
    using _ = folder;
    projecting(folder.dataDir, 'p.db', (projector) => foldAll(projector));
    const path = join(folder.dataDir, 'p.db');
    expect(rowsOf(path, "SELECT state, reason, position FROM routes WHERE host LIKE 'web.%'")).toEqual([
      { state: 'closed', reason: 'unreadable', position },
    ]);
    expect(rowsOf(path, "SELECT to_position, reason FROM route_history WHERE host LIKE 'web.%'")).toEqual([
      { to_position: position, reason: 'unreadable' },
    ]);
  });

  test('stops a rebuild, which says where, and leaves nothing behind', async () => {
    const { folder, position } = await poisoned();
    using _ = folder;
    const log = createLogReader(folder.dataDir);
    const path = join(folder.dataDir, 'rebuilt.db');
    expect(() => rebuild({ log, path })).toThrow(RebuildStopped);
    expect(() => rebuild({ log, path })).toThrow(`position ${position} (RouteChanged)`);
    log.close();
    expect(() => dump(path)).toThrow();
  });

  test('stops a rebuild on two threads, which says where, and leaves nothing behind', async () => {
    const { folder, position } = await poisoned();
    using _ = folder;
    const { dataDir } = folder;
    const log = createLogReader(dataDir);
    const options = { log, dataDir, path: join(dataDir, 'rebuilt.db'), worthwhile: 0 };
    await expect(rebuildInTwo(options)).rejects.toThrow(RebuildStopped);
    await expect(rebuildInTwo(options)).rejects.toThrow(`position ${position} (RouteChanged)`);
    log.close();
    expect(leftOf(dataDir)).toEqual([]);
  });
});

test('a rebuild on two threads fails with its second one, and leaves nothing behind', async () => {
  using folder = scratch();
  const { dataDir } = folder;
  await writeLog(dataDir, lifecycles(9, 30).batches);
  const log = createLogReader(dataDir);
  const path = join(dataDir, 'rebuilt.db');
  const elsewhere = join(dataDir, 'none');
  await expect(rebuildInTwo({ log, dataDir: elsewhere, path, batch: 10, worthwhile: 0 })).rejects.toThrow(
    elsewhere,
  );
  log.close();
  expect(leftOf(dataDir)).toEqual([]);
});

const leftOf = (dataDir: string): string[] =>
  readdirSync(dataDir).filter((file) => file.startsWith('rebuilt.db'));

test('a rebuild can be cancelled, and leaves nothing behind', async () => {
  using folder = scratch();
  await writeLog(folder.dataDir, lifecycles(8, 30).batches);
  const log = createLogReader(folder.dataDir);
  const path = join(folder.dataDir, 'rebuilt.db');
  const positions: number[] = [];
  const onProgress = (position: number): unknown => positions.push(position);
  const cancelled = (): boolean => positions.length === 2;
  expect(() => rebuild({ log, path, batch: 10, onProgress, cancelled })).toThrow('cancelled at position 20');
  log.close();
  expect(positions).toEqual([10, 20]);
  expect(() => dump(path)).toThrow();
});
