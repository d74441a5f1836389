/** The same rows, however the log is cut into batches, and live as in a rebuild. */
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLogReader } from '../../src/log/read.ts';
import { rebuild } from '../../src/projections/rebuild.ts';
import { lifecycles } from '../support/lifecycles.ts';
import { dump, foldAll, projecting, scratch, writeLog } from '../support/projecting.ts';

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
