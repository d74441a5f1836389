/** Jobs that are cancelled when what they made is being put in its place. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { createJobs } from '../../src/control/jobs.ts';
import { lifecycles } from '../support/lifecycles.ts';
import { eventually, scratch, writeLog } from '../support/projecting.ts';

test('a rebuild that is cancelled while it takes its place is not said to be cancelled', async () => {
  using folder = scratch();
  const { dataDir } = folder;
  await writeLog(dataDir, lifecycles(3, 20).batches);
  const adopted = Promise.withResolvers<void>();
  let adopting = false;
  const jobs = createJobs({
    dataDir,
    head: () => 1,
    adopt: () => {
      adopting = true;
      return adopted.promise;
    },
    newId: randomUUID,
    now: Date.now,
  });
  const { id } = jobs.start({ mode: 'rebuild' });
  await eventually(() => adopting, 'the rebuilt file to be adopted');
  const cancelled = jobs.cancel(id);
  expect(jobs.get(id)?.state).toBe('running');
  adopted.resolve();
  expect(await cancelled).toMatchObject({ state: 'succeeded' });
  const second = jobs.start({ mode: 'compare' });
  expect(await jobs.cancel(second.id)).toMatchObject({ state: 'cancelled' });
  await jobs.stop();
});
