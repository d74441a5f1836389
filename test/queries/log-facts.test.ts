/** What is said of the log as a whole: its ends, how many events it has, and its size. */
import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/db/open.ts';
import { logPath } from '../../src/log/path.ts';
import { createLogFacts } from '../../src/queries/log-facts.ts';
import { makeNote } from '../log/fixtures.ts';
import { appendTo, makeFolder, open, readWith } from '../log/support.ts';

function factsOf(dataDir: string) {
  const db = openDatabase(logPath(dataDir), { readonly: true, synchronous: 'FULL' });
  try {
    return readWith(dataDir, (reader) => createLogFacts(dataDir, db, reader)());
  } finally {
    db.close();
  }
}

test('an empty log has no events, and nothing stands at its ends', async () => {
  const dataDir = makeFolder();
  await open(dataDir);
  expect(factsOf(dataDir)).toMatchObject({ position: 0, firstPosition: 0, events: 0 });
});

test('the first and the last event count, and so does what is not checkpointed yet', async () => {
  const dataDir = makeFolder();
  const log = await open(dataDir);
  await appendTo(log, [makeNote('one'), makeNote('two'), makeNote('three')]);
  const wal = statSync(`${logPath(dataDir)}-wal`).size;
  expect(wal).toBeGreaterThan(0);
  expect(factsOf(dataDir)).toMatchObject({
    position: 3,
    hash: log.head().hash,
    firstPosition: 1,
    events: 3,
    bytes: statSync(logPath(dataDir)).size + wal,
  });
});
