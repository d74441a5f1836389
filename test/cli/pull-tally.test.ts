/** The progress of a pull as one number: layers are reported one by one, and more of them as it goes. */
import { expect, test } from 'vitest';
import { createPullTally } from '../../src/cli/pull-tally.ts';

test('layers add up, and one that is being extracted counts as loaded', () => {
  const tally = createPullTally();
  expect(tally.take({ status: 'Pulling from library/nginx', id: 'latest' })).toMatchObject({ total: 0 });
  tally.take({ id: 'a', status: 'Downloading', current: 10, total: 100 });
  expect(tally.take({ id: 'b', status: 'Downloading', current: 50, total: 300 })).toEqual({
    done: 60,
    total: 400,
    text: 'Downloading b',
  });
  expect(tally.take({ id: 'a', status: 'Extracting', current: 1, total: 100 })).toMatchObject({ done: 150 });
  expect(tally.take({ status: 'Status: Downloaded newer image' })).toMatchObject({ done: 150, total: 400 });
});
