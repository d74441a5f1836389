/** Now, as the live side tells it, and the last moment of the log, as the past tells it, are told alike. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLive } from '../../src/control/live.ts';
import type { Live } from '../../src/queries/client.ts';
import type { At } from '../../src/queries/port.ts';
import { createState } from '../../src/routing/state.ts';
import { createStory, type Story } from '../support/events.ts';
import { lifecycles } from '../support/lifecycles.ts';
import { asking } from './asking.ts';

const all = { limit: 1_000 };

/** What is told of each of these hosts, and of all together, now and as of the last position. */
async function holdNowAgainstThePast(tell: (state: ReturnType<typeof createState>) => Story): Promise<void> {
  const state = createState();
  const story = tell(state);
  await asking(
    async ({ queries, tell: record }) => {
      await record(story.batches);
      const at: At = { kind: 'position', position: story.events().length };
      expect(await queries.routes(all)).toEqual(await queries.routesAt(at, all));
      expect(await queries.hosts(all)).toEqual(await queries.hostsAt(at, all));
      expect(byPlace(await queries.refusals())).toEqual(byPlace(await queries.refusals(at)));
      const asked = [...state.refusals.values()].flatMap((list) => list.map(({ match }) => match?.host));
      const hosts = new Set([...state.sites.keys(), ...asked, 'localhost', 'ghosts.test', 'never.test']);
      for (const host of hosts) {
        if (host === undefined) continue;
        expect(await queries.host(host), host).toEqual(await queries.host(host, at));
        expect(await queries.why(host), host).toEqual(await queries.why(host, at));
      }
    },
    (projections): Partial<Live> =>
      createLive({ state: () => state }, { current: () => 'confirmed' }, projections, {
        head: () => story.events().length,
        problem: () => '',
      }),
  );
}

const byPlace = <T extends { readonly position: number }>(list: readonly T[]): T[] =>
  list.toSorted((one, other) => one.position - other.position);

test('a host that is only refused is known now as of the last moment', async () => {
  await holdNowAgainstThePast((state) => {
    const story = createStory(state);
    story.started('boot-1', null);
    story.connected();
    story.policy();
    story.container('web', { labels: { 'portolan.host': 'localhost' } }).started();
    return story;
  });
});

test('whatever happened before, now and the last moment of the log are told alike', async () => {
  const stories = fc.record({ seed: fc.nat(), length: fc.integer({ min: 1, max: 50 }) });
  await fc.assert(
    fc.asyncProperty(stories, ({ seed, length }) =>
      holdNowAgainstThePast((state) => {
        const story = lifecycles(seed, length, state);
        // Served now, whether or not it was when the story ended.
        story.connected();
        return story;
      }),
    ),
    { numRuns: 15 },
  );
});
