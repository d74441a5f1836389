/** Questions about routes, hosts, history and the audit; and what becomes of them when something breaks. */
import {
  closeSync,
  existsSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { projectionsPath } from '../../src/projections/file.ts';
import { createQueries } from '../../src/queries/client.ts';
import { BadCursor } from '../../src/queries/cursor.ts';
import { QueryFailed } from '../../src/queries/failed.ts';
import type { At } from '../../src/queries/port.ts';
import { alice, createStory } from '../support/events.ts';
import { lifecycles } from '../support/lifecycles.ts';
import { eventually, scratch, silent, writeLog } from '../support/projecting.ts';
import { allPages, asking, atRest } from './asking.ts';

function scene() {
  const story = createStory();
  story.started('boot-1', null);
  story.connected();
  story.policy();
  const web = story.container('web', { labels: { 'portolan.host': 'shop.test' } });
  web.started();
  story.pass(60_000);
  const command = story.command('stop', web, alice);
  web.stopped();
  command.succeed();
  story.pass(60_000);
  const other = story.container('other');
  other.started();
  return { story, web, other };
}

describe('routes and hosts', () => {
  test('are as they are now, open or closed, each with the event that made it so', async () => {
    const { story, web } = scene();
    await asking(async ({ queries, tell }) => {
      await tell(story.batches);
      const closed = (await queries.routes({ limit: 10, host: 'shop.test' })).items;
      const position = story.events().findIndex((event) => event.type === 'RouteClosed') + 1;
      expect(closed).toMatchObject([{ state: 'closed', reason: 'stopped', targets: [] }]);
      expect((await queries.event(closed[0]!.position))!.type).toBe('RouteClosed');
      expect(closed[0]!.position).toBeGreaterThanOrEqual(position);
      expect(await queries.route(closed[0]!.id)).toEqual(closed[0]);
      expect(await queries.route('0000000000000000')).toBeNull();
      expect(await queries.host('shop.test')).toMatchObject({
        state: 'closed',
        sentence: 'shop.test has no upstream.',
      });
      expect(await queries.host('other.docker.localhost')).toMatchObject({ state: 'open', sentence: '' });
      expect(await queries.host('never.test')).toBeNull();
      expect(web.status).toBe('exited');
    });
  });

  test('why says so while what is recorded may not be how things are', async () => {
    const story = createStory();
    story.policy();
    story.container('web').started();
    const caveat = 'The Docker engine does not tell now what is running: this is what was last known.';
    await asking(
      async ({ queries, tell }) => {
        await tell(story.batches);
        const host = 'web.docker.localhost';
        expect((await queries.why(host)).sentence).toMatch(
          / has gone to web since .* UTC\. The Docker engine does/,
        );
        const at = { kind: 'position', position: story.events().length } as const;
        expect((await queries.why(host, at)).sentence).not.toContain('Docker engine');
      },
      { caveat: () => caveat },
    );
  });

  test('are unconfirmed while nobody vouches for them', async () => {
    await asking(
      async ({ queries, tell }) => {
        await tell(scene().story.batches);
        expect(await queries.host('other.docker.localhost')).toMatchObject({
          state: 'unconfirmed',
          routes: [{ state: 'unconfirmed' }],
        });
        expect(await queries.host('shop.test')).toMatchObject({ state: 'closed' });
      },
      { confirmed: () => false },
    );
  });

  test('are told as not served where the machine was started anew and the engine is away, now as of now', async () => {
    const { story } = scene();
    story.pass(1_000);
    story.started('boot-2', story.instant());
    const caveat = 'The machine was started anew.';
    await asking(
      async ({ queries, tell }) => {
        await tell(story.batches);
        const host = 'other.docker.localhost';
        const at: At = { kind: 'position', position: story.events().length };
        const { items } = await queries.routes({ limit: 10, host });
        expect(items).toMatchObject([{ state: 'closed', targets: [], position: at.position }]);
        expect(items).toEqual((await queries.routesAt(at, { limit: 10, host })).items);
        expect(await queries.route(items[0]!.id)).toEqual(items[0]);
        expect(await queries.host(host)).toMatchObject({ state: 'closed', sentence: caveat });
        expect((await queries.hosts({ limit: 10 })).items).toContainEqual(await queries.host(host));
        expect((await queries.why(host)).sentence).toBe(caveat);
        expect((await queries.why(host, at)).sentence).toBe('Portolan was not serving at that moment.');
      },
      { confirmed: () => false, serves: () => false, caveat: () => caveat },
    );
  });

  test('keep what a label says of a moment that was not served, in a sentence of now', async () => {
    const { story } = scene();
    const label = 'Portolan was not serving at that moment.';
    story.container('odd', { labels: { 'portolan.enable': label } }).started();
    await asking(async ({ queries, tell }) => {
      await tell(story.batches);
      expect((await queries.why('never.test')).sentence).toContain(`label portolan.enable is "${label}"`);
    });
  });

  test('come page by page, each once, in the order of hosts', async () => {
    await asking(async ({ queries, tell }) => {
      await tell(lifecycles(31, 80).batches);
      const whole = (await queries.routes({ limit: 1_000 })).items;
      const hosts = (await queries.hosts({ limit: 1_000 })).items;
      expect(await allPages((cursor) => queries.routes({ limit: 2, cursor }))).toEqual(whole);
      expect(await allPages((cursor) => queries.hosts({ limit: 2, cursor }))).toEqual(hosts);
      expect(new Set(whole.map((route) => route.match.host))).toEqual(new Set(hosts.map((one) => one.host)));
      await expect(queries.routes({ limit: 2, cursor: 'bm9uZQ' })).rejects.toThrow(BadCursor);
    });
  });
});

test('the pages of a diff up to now all end where the first one ended, whatever comes in between', async () => {
  const story = createStory();
  story.started('boot-1', null);
  story.connected();
  story.policy();
  const containers = Array.from({ length: 9 }, (_, n) => story.container(`web-${n}`));
  for (const one of containers) one.started();
  await asking(async ({ log, queries, tell }) => {
    await tell(story.batches);
    const end = log.head().position;
    const from: At = { kind: 'position', position: 0 };
    const told: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await queries.diff(from, undefined, { limit: 2, cursor });
      expect(page.to.position).toBe(end);
      expect([page.removed, page.changed]).toEqual([[], []]);
      told.push(...page.added.map((change) => change.host));
      cursor = page.next;
      const [gone] = containers.splice(0, 1);
      const before = story.batches.length;
      gone?.stopped();
      await tell(story.batches.slice(before));
    } while (cursor !== undefined);
    expect(told.sort()).toEqual(Array.from({ length: 9 }, (_, n) => `web-${n}.docker.localhost`));
  });
});

test('the history of a host is its intervals, newest first, with the events that opened and closed each', async () => {
  const { story } = scene();
  await asking(async ({ queries, tell }) => {
    await tell(story.batches);
    const [interval, ...more] = (await queries.history('shop.test', { limit: 10 })).items;
    expect(more).toEqual([]);
    expect(interval).toMatchObject({ reason: 'stopped', targets: [{ name: 'web', port: 80 }] });
    expect((await queries.event(interval!.openedBy))!.type).toBe('RouteOpened');
    expect((await queries.event(interval!.closedBy!))!.type).toBe('RouteClosed');
  });
});

test('the history comes page by page, each interval once', async () => {
  await asking(async ({ queries, tell }) => {
    await tell(lifecycles(34, 200).batches);
    const whole = (await queries.history('shop.test', { limit: 1_000 })).items;
    expect(whole.length).toBeGreaterThan(3);
    expect(await allPages((cursor) => queries.history('shop.test', { limit: 1, cursor }))).toEqual(whole);
  });
});

describe('the audit', () => {
  test('is found by actor, container, name and time, newest first', async () => {
    const { story, web } = scene();
    await asking(async ({ queries, tell }) => {
      await tell(story.batches);
      const all = (await queries.audit({ limit: 10 })).items;
      expect(all.map((entry) => entry.action)).toEqual(['start', 'stop', 'start']);
      const [stop] = (await queries.audit({ limit: 10, actor: 'api:alice' })).items;
      expect(stop).toMatchObject({ actor: alice, action: 'stop', outcome: 'succeeded', basis: 'window' });
      expect(stop!.consequences.length).toBeGreaterThan(4);
      expect((await queries.audit({ limit: 10, container: 'web' })).items).toHaveLength(2);
      expect((await queries.audit({ limit: 10, container: web.id.slice(0, 12) })).items).toHaveLength(2);
      expect((await queries.audit({ limit: 10, actor: 'external' })).items).toHaveLength(2);
      const since = Date.parse(stop!.requestedAt);
      expect((await queries.audit({ limit: 10, since })).items).toEqual(all.slice(0, 2));
      expect((await queries.audit({ limit: 10, until: since })).items).toEqual(all.slice(1));
    });
  });

  test('comes page by page, each entry once while others are added', async () => {
    const { batches } = lifecycles(34, 100);
    await asking(async ({ queries, tell }) => {
      const half = Math.floor(batches.length / 2);
      await tell(batches.slice(0, half));
      const before = (await queries.audit({ limit: 1_000 })).items.map((entry) => entry.position);
      let next = half;
      const paged = await allPages(
        (cursor) => queries.audit({ limit: 3, cursor }),
        async () => {
          await tell(batches.slice(next, next + 2));
          next += 2;
        },
      );
      expect(paged.map((entry) => entry.position)).toEqual(before);
    });
  });
});

test('the log is told by its ends and size', async () => {
  const { story } = scene();
  await asking(async ({ queries, log, tell }) => {
    expect(await queries.log()).toMatchObject({ position: 0, firstPosition: 0, events: 0 });
    await tell(story.batches);
    const { position, hash } = log.head();
    expect(await queries.log()).toMatchObject({ position, hash, firstPosition: 1, events: position });
    expect((await queries.log()).bytes).toBeGreaterThan(10_000);
  });
});

describe('when something breaks', () => {
  test('a reader that has died fails its questions, and the next one has another reader', async () => {
    await asking(async ({ queries, tell }) => {
      await tell(scene().story.batches);
      const made = new Promise<Worker>((resolve) => process.once('worker', resolve));
      const first = queries.log();
      const reader = await made;
      await first;
      const asked = Promise.allSettled([queries.log(), reader.terminate()]);
      const [answer] = await asked;
      if (answer.status === 'rejected') expect(answer.reason).toBeInstanceOf(QueryFailed);
      expect((await queries.log()).position).toBeGreaterThan(0);
    });
  });

  test('a projections file that is made again is the one that is read', async () => {
    await asking(async ({ dataDir, queries, projections, tell }) => {
      await tell(scene().story.batches);
      const before = await queries.routes({ limit: 10 });
      const held = openSync(projectionsPath(dataDir), 'r');
      const { ino } = statSync(projectionsPath(dataDir), { bigint: true });
      projections.replace();
      await eventually(
        () =>
          existsSync(projectionsPath(dataDir)) &&
          statSync(projectionsPath(dataDir), { bigint: true }).ino !== ino,
        'another file',
      );
      await eventually(
        async () => (await queries.routes({ limit: 10 })).items.length === before.items.length,
        'the same routes',
      );
      expect(await queries.routes({ limit: 10 })).toEqual(before);
      closeSync(held);
    });
  });

  test('a projections file that was damaged under the reader is made again', async () => {
    await asking(
      async ({ dataDir, queries, tell }) => {
        await tell(lifecycles(35, 60).batches);
        const before = await queries.routes({ limit: 1_000 });
        const held = openSync(projectionsPath(dataDir), 'r');
        truncateSync(projectionsPath(dataDir), 8_192);
        const heals = async (): Promise<boolean> => {
          try {
            return (
              (await queries.routes({ limit: 1_000 })).items.length === before.items.length &&
              (await queries.audit({ limit: 1_000 })).items.length > 0
            );
          } catch (error) {
            expect(error).toBeInstanceOf(QueryFailed);
            return false;
          }
        };
        await eventually(heals, 'answers again');
        expect(await queries.routes({ limit: 1_000 })).toEqual(before);
        closeSync(held);
      },
      (projections) => ({ projectionsFailed: () => projections.replace() }),
    );
  });

  test('a projections file that was removed or replaced under reader and projections is made again', async () => {
    await asking(
      async ({ dataDir, queries, tell }) => {
        await tell(lifecycles(36, 60).batches);
        const path = projectionsPath(dataDir);
        const before = await queries.routes({ limit: 1_000 });
        for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
        expect(await queries.routes({ limit: 1_000 })).toEqual(before);
        writeFileSync(`${path}.other`, 'this is no database');
        renameSync(`${path}.other`, path);
        expect(await queries.routes({ limit: 1_000 })).toEqual(before);
      },
      (projections) => ({ projectionsFailed: () => projections.notify() }),
    );
  });

  test('a question that comes while a file is being made again waits for all of it, not for its first rows', async () => {
    await asking(
      async ({ dataDir, queries, tell }) => {
        await tell(lifecycles(38, 300).batches);
        const before = await queries.routes({ limit: 1_000 });
        const path = projectionsPath(dataDir);
        for (let round = 0; round < 5; round += 1) {
          for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
          // What the log alone answers looks into the file for names, and is no reason to take it for whole.
          const [events, routes] = await Promise.all([
            queries.following(0, 100),
            queries.routes({ limit: 1_000 }),
          ]);
          expect(events!.items.length).toBe(100);
          expect(routes).toEqual(before);
        }
      },
      (projections) => ({ projectionsFailed: () => projections.notify() }),
    );
  });

  test('a question about projections that are never made fails after a while, and does not hang', async () => {
    using folder = scratch();
    await writeLog(folder.dataDir, scene().story.batches);
    const queries = createQueries(folder.dataDir, atRest, silent);
    await expect(queries.routes({ limit: 1 })).rejects.toThrow(QueryFailed);
    await queries.stop();
    await expect(queries.routes({ limit: 1 })).rejects.toThrow(QueryFailed);
  });
});
