/** Deciding again from what was recorded. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type PolicyChanges, whatIf } from '../../src/control/what-if.ts';
import { createLogReader } from '../../src/log/read.ts';
import { createStory, type Story } from '../support/events.ts';
import { lifecycles } from '../support/lifecycles.ts';
import { scratch, writeLog } from '../support/projecting.ts';

async function differences(story: Story, policy: PolicyChanges, until = story.events().length) {
  using folder = scratch();
  await writeLog(folder.dataDir, story.batches);
  const log = createLogReader(folder.dataDir);
  try {
    return whatIf({ log, policy, until }).routes;
  } finally {
    log.close();
  }
}

test('under the policy that was in force, the same was decided: whatever happened', async () => {
  const stories = fc.record({ seed: fc.nat(), length: fc.integer({ min: 1, max: 80 }) });
  await fc.assert(
    fc.asyncProperty(stories, async ({ seed, length }) => {
      expect(await differences(lifecycles(seed, length), {})).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

test('with other claims, a host would have gone to another container', async () => {
  const story = createStory();
  story.started('boot-1', null);
  story.connected();
  story.policy();
  const first = story.container('first', { labels: { 'portolan.host': 'shop.test' } });
  first.started();
  const second = story.container('second', { labels: { 'portolan.host': 'shop.test' } });
  second.started();
  story.pass(1_000);
  first.stopped();
  story.pass(5_000);
  first.started();
  const found = await differences(story, { claimHold: 1_000 });
  expect(found.filter((one) => one.host === 'shop.test')).toMatchObject([
    { change: 'added', live: [], whatIf: ['second'], to: { position: expect.any(Number) } },
    { change: 'changed', live: ['first'], whatIf: ['second'], to: null },
  ]);
});

test('with other allowed hosts, what was refused would have been served', async () => {
  const story = createStory();
  story.started('boot-1', null);
  story.connected();
  story.policy({ allowedHosts: ['only.test' as never] });
  story.container('web', { labels: { 'portolan.host': 'shop.test' } }).started();
  expect(await differences(story, { allowedHosts: null })).toMatchObject([
    { host: 'shop.test', change: 'added', live: [], whatIf: ['web'] },
  ]);
});

/** `second` waits for the host of `first`, and gets it ten seconds after that one was stopped. */
function takenOver() {
  const story = createStory();
  story.started('boot-1', null);
  story.connected();
  story.policy();
  const labels = { 'portolan.host': 'shop.test' };
  const [first, second] = [story.container('first', { labels }), story.container('second', { labels })];
  first.started();
  second.started();
  story.pass(1_000);
  first.stopped();
  const stopped = story.now();
  story.pass(10_000);
  return { story, stopped };
}

test('claims that run out sooner do so at their time, though nothing was recorded then', async () => {
  const { story, stopped } = takenOver();
  const [found, ...more] = await differences(story, { claimHold: 4_000 });
  expect(more).toEqual([]);
  expect(found).toMatchObject({ host: 'shop.test', change: 'added', live: [], whatIf: ['second'] });
  expect(Date.parse(found!.from.at)).toBeLessThan(stopped + 4_000);
  expect(Date.parse(found!.from.at)).toBeGreaterThan(stopped + 3_900);
  expect(story.events()[found!.to!.position - 1]).toMatchObject({ type: 'RouteOpened' });
});

test('a difference ends with the commit that ended it, not with what time alone decided later', async () => {
  const { story, stopped } = takenOver();
  const found = await differences(story, { domain: 'other.test' as never });
  const ends = found.filter(({ host }) => host === 'first.docker.localhost').map(({ to }) => to!.at);
  expect(ends).toHaveLength(1);
  expect(Date.parse(ends[0]!)).toBeLessThanOrEqual(stopped);
});

test('up to a position within a commit, what that commit decided is no difference', async () => {
  const story = createStory();
  story.policy();
  story.container('web', { labels: { 'portolan.host': 'shop.test' } }).started();
  for (let until = 1; until <= story.events().length; until += 1)
    expect(await differences(story, { claimHold: 1_000 }, until)).toEqual([]);
});
