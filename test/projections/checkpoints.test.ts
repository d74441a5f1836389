/** Where a projection goes on, and that one of another log does not pass for this one's. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createStory, type Story } from '../support/events.ts';
import { dump, foldAll, poison, projecting, scratch, writeLog } from '../support/projecting.ts';

/** As many events whatever the name is. */
function story(name: string): Story {
  const told = createStory();
  told.started('boot-1', null);
  told.connected();
  told.policy();
  told.container(name).started();
  return told;
}

async function folded(name: string) {
  const folder = scratch();
  await writeLog(folder.dataDir, story(name).batches);
  const path = join(folder.dataDir, 'p.db');
  const fold = (): void => projecting(folder.dataDir, 'p.db', (projector) => foldAll(projector));
  fold();
  return { ...folder, path, fold, [Symbol.dispose]: folder[Symbol.dispose] };
}

test('projections of another log of the same length are emptied, and made of this one', async () => {
  using ours = await folded('web');
  using theirs = await folded('api');
  const right = dump(ours.path);
  expect(dump(theirs.path)).not.toEqual(right);
  copyFileSync(theirs.path, ours.path);
  ours.fold();
  expect(dump(ours.path)).toEqual(right);
});

test('an event at the checkpoint that can no longer be read does not have the projections made again', async () => {
  using ours = await folded('web');
  const before = dump(ours.path);
  poison(ours.dataDir, story('web').events().length);
  ours.fold();
  expect(dump(ours.path)).toEqual(before);
});
