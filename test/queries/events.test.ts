/** The log, filtered: as a plain look at every event would, and page by page. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EventType, eventTypes, type NewEvent } from '../../src/events/event.ts';
import { BadCursor } from '../../src/queries/cursor.ts';
import type { EventFilter } from '../../src/queries/port.ts';
import { openLogQuestions } from '../../src/queries/questions.ts';
import { alice, createStory, engine } from '../support/events.ts';
import { lifecycles } from '../support/lifecycles.ts';
import { scratch, writeLog } from '../support/projecting.ts';
import { allPages, asking } from './asking.ts';

const story = lifecycles(21, 120);
const events = story.events();
const times = story.batches.flatMap(({ now, events: batch }) => batch.map(() => now));
const names = ['web-0', 'web-1', 'web-2', 'web-3', 'nobody'];
const actors = [
  'api',
  'api:alice',
  'api:bob',
  'engine',
  'portolan',
  'portolan:portolan',
  'external',
  'api:eve',
];

/** Every event, looked at one by one. */
function plainly(filter: Omit<EventFilter, 'limit' | 'order'>): number[] {
  const ids = new Set(
    events.flatMap(({ data }) =>
      'name' in data && data.name === filter.container && 'container' in data ? [data.container] : [],
    ),
  );
  const matches = (event: NewEvent, index: number): boolean => {
    const { type, data, actor } = event;
    const position = index + 1;
    const isAbout =
      ('container' in data && data.container !== null && ids.has(data.container)) ||
      ('targets' in data && data.targets.some((target) => ids.has(target.container))) ||
      ('command' in data && data.container === null && data.name === filter.container);
    return (
      (filter.type === undefined || type === filter.type) &&
      (filter.container === undefined || isAbout) &&
      (filter.host === undefined || ('match' in data && data.match?.host === filter.host)) &&
      (filter.actor === undefined ||
        filter.actor === actor.kind ||
        filter.actor === `${actor.kind}:${actor.name}`) &&
      (filter.after === undefined || position > filter.after) &&
      (filter.before === undefined || position < filter.before) &&
      (filter.since === undefined || times[index]! >= filter.since) &&
      (filter.until === undefined || times[index]! <= filter.until)
    );
  };
  return events.flatMap((event, index) => (matches(event, index) ? [index + 1] : []));
}

test('a command on a container that never came to be is found by the name that it asked for', async () => {
  const told = createStory();
  told.policy();
  told.command('create', { name: 'ghost', id: null }, alice).fail(404, 'no such image');
  told.command('create', { name: 'other', id: null }, alice).fail(404, 'no such image');
  await asking(async ({ queries, tell }) => {
    await tell(told.batches);
    const { items } = await queries.events({ container: 'ghost', order: 'asc', limit: 10 });
    expect(items.map(({ type, data }) => [type, (data as { name: string }).name])).toEqual([
      ['CommandRequested', 'ghost'],
      ['CommandFailed', 'ghost'],
    ]);
  });
});

const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined, freq: 1 });
const positions = fc.integer({ min: 0, max: events.length + 2 });
const instants = fc.oneof(
  fc.constantFrom(...times),
  fc.integer({ min: times[0]! - 10, max: times.at(-1)! + 10 }),
);
const filters = fc.record({
  type: maybe(fc.constantFrom(...eventTypes)),
  container: maybe(fc.constantFrom(...names)),
  host: maybe(fc.constantFrom('shop.test', 'web-1.docker.localhost', 'no.test')),
  actor: maybe(fc.constantFrom(...actors)),
  after: maybe(positions),
  before: maybe(positions),
  since: maybe(instants),
  until: maybe(instants),
});

test('any filter finds what a plain look at every event finds, in either order, in pages of any size', async () => {
  await asking(async ({ queries, tell }) => {
    await tell(story.batches);
    await fc.assert(
      fc.asyncProperty(
        filters,
        fc.boolean(),
        fc.integer({ min: 1, max: 80 }),
        async (filter, ascends, limit) => {
          const order = ascends ? 'asc' : 'desc';
          const found = await allPages((cursor) => queries.events({ ...filter, order, limit, cursor }));
          const expected = plainly(filter);
          expect(found.map((event) => event.position)).toEqual(ascends ? expected : expected.reverse());
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('pages', () => {
  for (const order of ['asc', 'desc'] as const) {
    test(`give each event once while others are appended (${order})`, async () => {
      await asking(async ({ queries, tell }) => {
        const half = Math.floor(story.batches.length / 2);
        await tell(story.batches.slice(0, half));
        const there = story.batches.slice(0, half).flatMap((batch) => batch.events).length;
        let next = half;
        const found = await allPages(
          (cursor) => queries.events({ order, limit: 17, cursor, type: undefined }),
          async () => {
            await tell(story.batches.slice(next, next + 3));
            next += 3;
          },
        );
        const seen = found.map((event) => event.position);
        expect(new Set(seen).size).toBe(seen.length);
        const upTo = order === 'asc' ? Math.max(...seen) : there;
        expect([...seen].sort((one, other) => one - other)).toEqual(
          Array.from({ length: upTo }, (_, index) => index + 1),
        );
      });
    });
  }

  test('refuse a cursor that is none, or of another list', async () => {
    await asking(async ({ queries, tell }) => {
      await tell(story.batches);
      const other = (await queries.routes({ limit: 1 })).next!;
      for (const cursor of ['', 'x', '%%%', Buffer.from('{"a":1}').toString('base64url'), other]) {
        await expect(queries.events({ order: 'asc', limit: 1, cursor })).rejects.toThrow(BadCursor);
      }
      // Its key is a position, as that of the audit is.
      const cursor = (await queries.events({ order: 'asc', limit: 1 })).next!;
      await expect(queries.audit({ limit: 1, cursor })).rejects.toThrow(BadCursor);
      await expect(queries.events({ order: 'desc', limit: 1, cursor })).rejects.toThrow(BadCursor);
    });
  });
});

describe('a container', () => {
  const tale = createStory();
  tale.policy();
  const web = tale.container('web');
  web.started();
  web.renamed('shop');
  tale.container('other').started();
  const find = (container: string) =>
    asking(async ({ queries, tell }) => {
      await tell(tale.batches);
      const found = (await queries.events({ order: 'asc', limit: 100, container })).items;
      const about = new Set(found.map((event) => event.streamId).filter((id) => id.startsWith('container:')));
      expect([...about]).toEqual([`container:${engine}/${web.id}`]);
      expect(found.map((event) => event.type)).toContain('RouteOpened' satisfies EventType);
    });

  test('is found by its id', () => find(web.id));
  test('is found by a prefix of its id', () => find(web.id.slice(0, 12)));
  test('is found by its name', () => find('shop'));
  test('is found by a name that it had', () => find('web'));
});

test('an event is shown with exact times, and one that is not there is null', async () => {
  await asking(async ({ queries, tell }) => {
    await tell(story.batches);
    const event = await queries.event(1);
    expect(event).toMatchObject({ position: 1, type: 'PortolanStarted', streamId: 'portolan' });
    expect(event!.recordedAt).toBe(new Date(times[0]!).toISOString());
    expect(await queries.event(events.length + 1)).toBeNull();
  });
});

describe('a signal that does not name its container', () => {
  const tale = createStory();
  tale.policy();
  const web = tale.container('web');
  web.created();
  web.started();
  web.renamed('shop');
  // Long before the next one, so that it is not found beside it.
  for (let n = 0; n < 100; n += 1) tale.container(`other-${n}`).created();
  web.signal('ContainerNetworkConnected', { network: 'backend' });
  const unnamed = tale
    .events()
    .flatMap(({ type }, index) => (type === 'ContainerNetworkConnected' ? [index + 1] : []));

  test('is told with the name that it had then, by whatever way it is asked for', async () => {
    await asking(async ({ queries, tell }) => {
      await tell(tale.batches);
      const told = [
        (await queries.events({ order: 'asc', limit: 1_000 })).items,
        (await queries.events({ order: 'asc', limit: 1_000, type: 'ContainerNetworkConnected' })).items,
        (await queries.following(0, 1_000))!.items,
        (await Promise.all(unnamed.map((position) => queries.event(position)))).map((event) => event!),
      ];
      for (const items of told) {
        const named = items.flatMap((event) => event.containerName ?? []);
        expect(named).toEqual(['web', 'shop']);
      }
    });
  });

  test('is told without it where projections are not there to find it', async () => {
    using folder = scratch();
    await writeLog(folder.dataDir, tale.batches);
    const open = openLogQuestions(folder.dataDir);
    const [first, last] = unnamed.map((position) => open.ask.event(position));
    expect(first).toMatchObject({ containerName: 'web' });
    expect(last).not.toHaveProperty('containerName');
    open.close();
  });
});

test('consequences follow the causes in the log, all the way', async () => {
  await asking(async ({ queries, tell }) => {
    await tell(story.batches);
    for (const type of ['ContainerObserved', 'CommandRequested', 'PolicyApplied'] as const) {
      const position = events.findIndex((event) => event.type === type) + 1;
      const ids = new Set([events[position - 1]!.id]);
      const expected = events.flatMap((event, index) => {
        if (event.causationId === null || !ids.has(event.causationId)) return [];
        ids.add(event.id);
        return [index + 1];
      });
      const found = await queries.consequences(position);
      expect(found.map((event) => event.position)).toEqual(expected);
    }
  });
});
