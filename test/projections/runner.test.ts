/** The thread of the projections: follows the log, and makes its file again whatever becomes of it. */
import { closeSync, existsSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/db/open.ts';
import { openLog } from '../../src/log/log.ts';
import { projectionsPath } from '../../src/projections/file.ts';
import { allProjections } from '../../src/projections/registry.ts';
import { type Projections, startProjections } from '../../src/projections/runner.ts';
import { lifecycles } from '../support/lifecycles.ts';
import {
  append,
  dump,
  eventually,
  foldAll,
  projecting,
  scratch,
  silent,
  writeLog,
} from '../support/projecting.ts';

const story = lifecycles(11, 60);
const head = story.events().length;

/** Runs until the head is reached, and gives what the file holds then. */
async function followed(dataDir: string): Promise<Record<string, readonly unknown[]>> {
  const projections = startProjections(dataDir, silent);
  try {
    expect(await projections.reached(head, 10_000)).toBe(true);
  } finally {
    await projections.stop();
  }
  return dump(projectionsPath(dataDir));
}

function expected(dataDir: string): Record<string, readonly unknown[]> {
  projecting(dataDir, 'expected.db', (projector) => foldAll(projector));
  return dump(join(dataDir, 'expected.db'));
}

test('it follows a log that grows', async () => {
  using folder = scratch();
  const { dataDir } = folder;
  const log = await openLog({ dataDir, logger: silent });
  const projections = startProjections(dataDir, silent);
  const unsubscribe = log.subscribe(() => projections.notify());
  try {
    await append(log, story.batches);
    expect(await projections.reached(head, 10_000)).toBe(true);
    expect(projections.progress().map((one) => one.position)).toEqual(allProjections.map(() => head));
    expect(await projections.reached(head + 1, 20)).toBe(false);
  } finally {
    unsubscribe();
    await projections.stop();
    await log.close();
  }
  expect(dump(projectionsPath(dataDir))).toEqual(expected(dataDir));
});

test('a file that was deleted comes back', async () => {
  using folder = scratch();
  const { dataDir } = folder;
  await writeLog(dataDir, story.batches);
  const before = await followed(dataDir);
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${projectionsPath(dataDir)}${suffix}`, { force: true });
  expect(await followed(dataDir)).toEqual(before);
});

test('a file that is no database is replaced', async () => {
  using folder = scratch();
  const { dataDir } = folder;
  await writeLog(dataDir, story.batches);
  writeFileSync(
    projectionsPath(dataDir),
    'this is no database, but long enough to be looked at '.repeat(200),
  );
  expect(await followed(dataDir)).toEqual(expected(dataDir));
});

test('a file with a damaged page is replaced at the start', async () => {
  using folder = scratch();
  const { dataDir } = folder;
  await writeLog(dataDir, story.batches);
  await followed(dataDir);
  damage(projectionsPath(dataDir));
  expect(await followed(dataDir)).toEqual(expected(dataDir));
});

test('a file of a newer version is replaced', async () => {
  using folder = scratch();
  const { dataDir } = folder;
  await writeLog(dataDir, story.batches);
  await followed(dataDir);
  const db = openDatabase(projectionsPath(dataDir), { synchronous: 'NORMAL' });
  db.exec("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('later', 99999999999999)");
  db.close();
  expect(await followed(dataDir)).toEqual(expected(dataDir));
});

test('a file can be replaced while it is followed', async () => {
  using folder = scratch();
  const { dataDir } = folder;
  await writeLog(dataDir, story.batches);
  const projections: Projections = startProjections(dataDir, silent);
  try {
    await projections.reached(head, 10_000);
    const before = statSync(projectionsPath(dataDir), { bigint: true });
    // Holds the old file, so that its inode is not given to the new one.
    const held = openSync(projectionsPath(dataDir), 'r');
    projections.replace();
    await eventually(
      () =>
        existsSync(projectionsPath(dataDir)) &&
        statSync(projectionsPath(dataDir), { bigint: true }).ino !== before.ino,
      'another file',
    );
    await eventually(() => projections.progress().every((one) => one.position === head), 'the head');
    closeSync(held);
  } finally {
    await projections.stop();
  }
  expect(dump(projectionsPath(dataDir))).toEqual(expected(dataDir));
});

/** Overwrites the second half of the file, whose first page stays whole. */
function damage(path: string): void {
  const { size } = statSync(path);
  const file = openSync(path, 'r+');
  const from = Math.max(4_096, Math.floor(size / 8_192) * 4_096);
  writeSync(file, Buffer.alloc(size - from, 0xa5), 0, size - from, from);
  closeSync(file);
}
