/** From instants to positions, at the edges: several events in one millisecond, none, and all of them. */
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../src/db/open.ts';
import { logPath } from '../../src/log/path.ts';
import { createInstants, type Instants } from '../../src/queries/instants.ts';
import { makeNote } from '../log/fixtures.ts';
import { appendTo, makeFolder, open } from '../log/support.ts';

/** One event for each of these. */
async function instantsOf(times: readonly number[]): Promise<Instants> {
  const dataDir = makeFolder();
  const log = await open(dataDir);
  for (const [index, time] of times.entries()) await appendTo(log, [makeNote(`${index}`)], time);
  const db = openDatabase(logPath(dataDir), { readonly: true, synchronous: 'FULL' });
  onTestFinished(() => void db.close());
  return createInstants(db);
}

test('an instant has all events of its millisecond, whether they are looked for from it or up to it', async () => {
  const { firstFrom, lastUntil, firstFromEach } = await instantsOf([1_000, 2_000, 2_000, 2_000, 3_000]);
  const asked = [999, 1_000, 1_001, 2_000, 2_001, 3_000, 3_001];
  expect(asked.map(firstFrom)).toEqual([1, 1, 2, 2, 5, 5, 6]);
  expect(asked.map(lastUntil)).toEqual([0, 1, 1, 4, 4, 5, 5]);
  expect(firstFromEach(asked)).toEqual(asked.map(firstFrom));
});

test('an empty log has nothing at any instant', async () => {
  const { firstFrom, lastUntil, firstFromEach } = await instantsOf([]);
  expect([firstFrom(5), lastUntil(5), firstFromEach([]), firstFromEach([1, 2])]).toEqual([1, 0, [], [1, 1]]);
});
