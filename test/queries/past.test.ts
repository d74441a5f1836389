/** The past: as of any moment by the proxy's own matcher, why, what changed, and over time. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Event } from '../../src/events/event.ts';
import type { Host } from '../../src/events/ids.ts';
import { BadMoment } from '../../src/queries/moment.ts';
import type { At, RouteChangeView, RouteView } from '../../src/queries/port.ts';
import { alice, bob, type Character, createStory, type Story } from '../support/events.ts';
import { lifecycles } from '../support/lifecycles.ts';
import { all, holdAgainstFold, type Past, position, withPast } from '../support/past.ts';
import { at, scratch, writeLog } from '../support/projecting.ts';

/** Writes the story into a log, folds it, and asks on this very thread. */
async function remembering(story: Story, run: (past: Past) => void | Promise<void>): Promise<void> {
  using folder = scratch();
  await writeLog(folder.dataDir, story.batches);
  await withPast(folder.dataDir, run);
}

describe('as of a moment', () => {
  test('at every position, hosts, routes and resolutions are those of the fold of the log up to it', async () => {
    const stories = fc.record({ seed: fc.nat(), length: fc.integer({ min: 1, max: 50 }) });
    await fc.assert(
      fc.asyncProperty(stories, async ({ seed, length }) => {
        const story = lifecycles(seed, length);
        await remembering(story, (past) => {
          holdAgainstFold(
            past,
            story
              .events()
              .map(
                (event, index) =>
                  ({ ...event, position: at(index + 1), recordedAt: recordedAt(story, index) }) as Event,
              ),
          );
        });
      }),
      { numRuns: 25 },
    );
  });

  test('before the log began there is nothing, and a moment to come is refused with what is allowed', async () => {
    await remembering(shop().story, (past) => {
      for (const moment of [position(0), { kind: 'instant', instant: 0 } as const]) {
        expect(past.routesAt(moment, all)).toEqual({ items: [] });
        expect(past.hostsAt(moment, all)).toEqual({ items: [] });
        expect(past.hostAt(moment, 'shop.test')).toBeNull();
        expect(past.refusalsAt(moment)).toEqual([]);
        expect(past.resolveAt(moment, 'shop.test', '/')).toMatchObject({ status: 503 });
      }
      expect(() => past.routesAt(position(10_000), all)).toThrow(
        /position 10000 does not exist yet; 0 to \d+ is allowed/,
      );
      expect(() => past.routesAt({ kind: 'instant', instant: Date.now() + 60_000 }, all)).toThrow(BadMoment);
    });
  });

  test('pages of the past go on where they ended', async () => {
    const story = createStory();
    story.started('boot-1', null);
    story.connected();
    story.policy();
    for (let n = 0; n < 7; n++) story.container(`web-${n}`).started();
    const head = position(story.events().length);
    await remembering(story, (past) => {
      const hosts: string[] = [];
      let cursor: string | undefined;
      do {
        const page = past.hostsAt(head, { limit: 3, cursor });
        hosts.push(...page.items.map((one) => one.host));
        cursor = page.next;
      } while (cursor !== undefined);
      expect(hosts).toEqual(Array.from({ length: 7 }, (_, n) => `web-${n}.docker.localhost`));
    });
  });

  test('nothing was served between the last sign of life and the next start', async () => {
    const { story } = shop();
    const alive = story.now();
    story.pass(60_000);
    story.started('boot-1', new Date(alive).toISOString());
    const before = story.events().length - 1;
    await remembering(story, (past) => {
      expect(past.hostAt(position(before), 'other.docker.localhost')).toMatchObject({ state: 'open' });
      expect(
        past.hostAt({ kind: 'instant', instant: alive + 30_000 }, 'other.docker.localhost'),
      ).toMatchObject({
        state: 'closed',
        sentence: 'Portolan was not serving at that moment.',
      });
    });
  });
});

test('what was served while nothing could be recorded is only what was last known', async () => {
  const { story } = shop();
  const from = story.now();
  story.pass(10_000);
  const gap = { from: new Date(from).toISOString(), to: story.instant(), lost: 1, reason: 'disk full' };
  story.note('RecordingGapDetected', gap);
  const told = story.events().length;
  await remembering(story, (past) => {
    const within: At = { kind: 'instant', instant: from + 5_000 };
    const after: At = { kind: 'instant', instant: from + 10_000 };
    const host = 'other.docker.localhost';
    expect(past.hostAt(within, host)).toMatchObject({ state: 'unconfirmed', sentence: '' });
    expect(past.resolveAt(within, host, '/')).toMatchObject({
      status: 200,
      sentence: expect.stringMatching(/^other\.docker\.localhost goes to other\. Nothing could be recorded/),
    });
    expect(past.why(host, within).sentence).toMatch(/Nothing could be recorded at that moment/);
    const opened = past.routesAt(position(told - 1), all).items.find((route) => route.match.host === host)!;
    expect(past.routesNow({ ...all, host }).items).toMatchObject([
      {
        position: opened.position,
        since: opened.since,
        served: { since: gap.to, position: told, after: 'unrecorded' },
      },
    ]);
    expect(past.why(host).sentence).toBe(
      `${host} has gone to other since ${clock(opened.since)}. What was served in between is not known, as nothing could be recorded until ${clock(gap.to)}.`,
    );
    expect(past.hostAt(after, host)).toMatchObject({ state: 'open' });
    expect(past.resolveAt(after, host, '/').sentence).toBe('other.docker.localhost goes to other.');
    const [now, before] = past.history(host, all).items;
    expect(now).toMatchObject({ to: null });
    expect(before).toMatchObject({
      to: gap.from,
      closedBy: now!.openedBy,
      reason: null,
      ended: 'unrecorded',
    });
    expect(past.diff(within, after, all)).toMatchObject({ added: [], removed: [], changed: [] });
  });
});

describe('a route that stood while Portolan was away', () => {
  const host = 'web.docker.localhost';

  /** `web` was started by alice, and Portolan killed and started again half a minute later. */
  function restarted(boot = 'boot-1') {
    const story = createStory();
    story.started('boot-1', null);
    story.connected();
    story.policy();
    const web = story.container('web');
    const command = story.command('start', web, alice);
    web.started();
    command.succeed();
    const decided = story.events().findLastIndex((event) => event.type === 'RouteOpened') + 1;
    story.pass(10_000);
    const alive = story.now();
    story.pass(30_000);
    const before = story.events().length;
    story.started(boot, new Date(alive).toISOString());
    story.pass(1_000);
    story.connected();
    return { story, decided, alive, before };
  }

  test('is told with what decided it and since when it is served again, by why, routes and history alike', async () => {
    const { story, decided, before } = restarted();
    const since = new Date(recordedAt(story, decided - 1)).toISOString();
    await remembering(story, (past) => {
      const served = { position: before + 1, after: 'away' };
      expect(past.routesNow(all).items).toMatchObject([{ position: decided, since, served }]);
      expect(past.routesAt(position(before), all).items).toMatchObject([{ position: decided, since }]);
      expect(past.routesAt(position(before), all).items[0]).not.toHaveProperty('served');
      const { sentence, chain } = past.why(host);
      expect(sentence).toBe(
        `${host} has gone to web since ${clock(since)}. Portolan was away in between, and has served it again since ${clock(past.routesNow(all).items[0]!.served!.since)}.`,
      );
      expect(chain[0]).toMatchObject({ type: 'CommandRequested', actor: alice });
      expect(chain.slice(-3).map(({ type }) => type)).toEqual([
        'ContainerObserved',
        'RouteOpened',
        'PortolanStarted',
      ]);
      expect(past.why(host, position(before)).sentence).not.toContain('away');
      const [now, first] = past.history(host, all).items;
      expect(now).toMatchObject({ decided: { at: since, position: decided }, opened: { actor: alice } });
      expect(first).toMatchObject({ from: since, openedBy: decided, ended: 'away' });
      expect(first).not.toHaveProperty('decided');
    });
  });

  test('is served again since the engine was reached where the machine was started anew', async () => {
    const { story, decided, before } = restarted('boot-2');
    await remembering(story, (past) => {
      const served = { position: before + 2, after: 'away' };
      expect(past.routesNow(all).items).toMatchObject([{ position: decided, served }]);
      expect(past.why(host).chain.at(-1)!.type).toBe('EngineConnected');
    });
  });

  test('that was decided on anew since is told without the time before', async () => {
    const { story } = restarted();
    story.container('other').started();
    await remembering(story, (past) => {
      expect(past.why('other.docker.localhost').sentence).not.toContain('away');
      expect(past.why('other.docker.localhost').chain.at(-1)!.type).toBe('RouteOpened');
    });
  });

  test('has the decision as the cause of a change across it, and the start as that of one from within', async () => {
    const { story, alive, decided, before } = restarted();
    await remembering(story, (past) => {
      const [across] = past.diff(position(2), undefined, all).added;
      expect(across).toMatchObject({ cause: { position: decided, type: 'RouteOpened' } });
      expect(across).toMatchObject({ after: { served: { position: before + 1 } } });
      expect(across).not.toHaveProperty('decided');
      const within: At = { kind: 'instant', instant: alive + 10_000 };
      const [from] = past.diff(within, undefined, all).added;
      expect(from).toMatchObject({
        cause: { position: before + 1, type: 'PortolanStarted' },
        decided: { position: decided, type: 'RouteOpened' },
      });
      expect(past.diff(position(before), undefined, all)).toMatchObject({ added: [], changed: [] });
    });
  });

  test('and was closed before it was served again is closed since that decision', async () => {
    const { story } = restarted();
    const alive = story.instant();
    story.pass(30_000);
    story.started('boot-2', alive);
    story.policy({ expose: 'labeled' });
    const closed = story.events().findLastIndex((event) => event.type === 'RouteClosed') + 1;
    story.connected();
    await remembering(story, (past) => {
      const told = { state: 'closed', reason: 'policy', position: closed };
      expect(past.routesAt(position(story.events().length), all).items).toMatchObject([told]);
      expect(past.routesNow(all).items).toMatchObject([told]);
      expect(past.history(host, all).items.map(({ ended }) => ended)).toEqual(['away', 'away']);
      expect(past.why(host).chain.at(-1)).toMatchObject({ type: 'RouteClosed', position: closed });
    });
  });
});

describe('why', () => {
  test('names the container, when, how it ended, and who stopped it, with the events that led to it', async () => {
    const { story } = shop();
    await remembering(story, (past) => {
      const { sentence, chain } = past.why('shop.test');
      expect(sentence).toMatch(
        /^shop\.test has had no upstream since .* UTC, when container web \(.*\) exited with code 0 after a stop through the API by alice\.$/,
      );
      expect(chain.map((event) => event.type)).toEqual([
        'CommandRequested',
        'ContainerKilled',
        'ContainerDied',
        'ContainerObserved',
        'RouteClosed',
        'RouteClosed',
      ]);
      expect(chain[0]!.actor).toEqual(alice);
    });
  });

  test('of two who may have done it shows what both asked for', async () => {
    const story = createStory();
    story.policy();
    const web = story.container('web');
    web.started();
    story.pass(60_000);
    const stops = [story.command('stop', web, alice), story.command('stop', web, bob)];
    web.stopped();
    for (const stop of stops) stop.succeed();
    await remembering(story, (past) => {
      const { chain } = past.why('web.docker.localhost');
      const asked = chain.filter(({ type }) => type === 'CommandRequested');
      expect(asked.map(({ actor }) => actor)).toEqual([alice, bob]);
    });
  });

  test('of one that became unhealthy shows the signal that told of it', async () => {
    const story = createStory();
    story.policy();
    const web = story.container('web', { healthcheck: true });
    web.started();
    web.observe({ health: 'healthy' });
    story.pass(60_000);
    web.signal('ContainerHealthChanged', { health: 'unhealthy' });
    web.observe({ health: 'unhealthy' });
    await remembering(story, (past) => {
      const { chain } = past.why('web.docker.localhost');
      expect(chain.map(({ type }) => type)).toEqual([
        'ContainerHealthChanged',
        'ContainerObserved',
        'RouteClosed',
      ]);
    });
  });

  test('of a host that has had no upstream yet shows what came of its container so far', async () => {
    const story = createStory();
    story.policy();
    const web = story.container('web');
    web.created();
    story.pass(60_000);
    const start = story.command('start', web, alice);
    web.signal('ContainerNetworkConnected');
    web.signal('ContainerNetworkDisconnected');
    start.fail(400, 'exec: "/nope": no such file');
    web.observe({ exitCode: 127 });
    await remembering(story, (past) => {
      const { sentence, chain } = past.why('web.docker.localhost');
      expect(sentence).toContain('could not be started (exit code 127)');
      expect(chain.map(({ type }) => type)).toEqual([
        'CommandRequested',
        'ContainerNetworkConnected',
        'ContainerNetworkDisconnected',
        'CommandFailed',
        'ContainerObserved',
      ]);
    });
  });

  test('of a host that is up says where it goes, and what opened it', async () => {
    await remembering(shop().story, (past) => {
      const { sentence, chain } = past.why('other.docker.localhost');
      expect(sentence).toMatch(/^other\.docker\.localhost has gone to other since .* UTC\.$/);
      expect(chain.at(-1)!.type).toBe('RouteOpened');
    });
  });

  test('tells how often a container was started again before it ended', async () => {
    const story = createStory();
    story.started('boot-1', null);
    story.connected();
    story.policy();
    const web = story.container('web');
    web.started();
    for (let n = 0; n < 3; n++) {
      story.pass(20_000);
      web.crashed(137);
      story.pass(1_000);
      web.started();
    }
    story.pass(20_000);
    web.crashed(137);
    await remembering(story, (past) => {
      expect(past.why('web.docker.localhost').sentence).toMatch(
        /, when container web \(nginx:1\.27\) exited with code 137 \(128 \+ SIGKILL; no kill was seen just before it\) after 3 restarts in 5 minutes\.$/,
      );
    });
  });

  /** What is said of `web.docker.localhost` after it ran for a minute and this happened. */
  async function sentenceAfter(happen: (story: Story, web: Character) => void): Promise<string> {
    const story = createStory();
    story.started('boot-1', null);
    story.connected();
    story.policy();
    const web = story.container('web');
    web.started();
    story.pass(60_000);
    happen(story, web);
    let sentence = '';
    await remembering(story, (past) => {
      sentence = past.why('web.docker.localhost').sentence;
    });
    return sentence.replace(/^.*, when container /, '');
  }

  test('tells a stop from outside from one that a slow engine carries out for a caller', async () => {
    expect(await sentenceAfter((_, web) => web.stopped())).toBe(
      'web (nginx:1.27) exited with code 0 after it was told to stop from outside Portolan.',
    );
    const slow = await sentenceAfter((story, web) => {
      const command = story.command('stop', web, alice);
      web.signal('ContainerKilled', { signal: '15' });
      story.pass(50_000);
      web.signal('ContainerKilled', { signal: '9' });
      web.crashed(137);
      command.succeed();
    });
    expect(slow).toBe(
      'web (nginx:1.27) exited with code 137 (SIGKILL) after a stop through the API by alice.',
    );
    const reloaded = await sentenceAfter((_, web) => {
      web.signal('ContainerKilled', { signal: '1' });
      web.crashed(1);
    });
    expect(reloaded).toBe('web (nginx:1.27) exited with code 1.');
  });

  test('keeps what was known of a container that has been removed', async () => {
    const removed = await sentenceAfter((story, web) => {
      web.signal('ContainerDied', { exitCode: '137' });
      web.observe({ ...web.become('exited'), exitCode: 137, oomKilled: true });
      story.pass(1_000);
      web.removed();
    });
    expect(removed).toBe(
      'web (nginx:1.27) exited with code 137 (out of memory); that container no longer exists.',
    );
    const gone = await sentenceAfter((_, web) => web.removed());
    expect(gone).toBe('web (nginx:1.27) was removed.');
    const seenGoing = await sentenceAfter((story, web) => {
      const command = story.command('stop', web, alice);
      web.signal('ContainerDied', { exitCode: '0' });
      web.observe({ status: 'removing' });
      web.removed();
      command.succeed();
    });
    expect(seenGoing).toMatch(/^web \(nginx:1\.27\) was removed after a stop through the API by alice/);
    const asked = await sentenceAfter((story, web) => {
      const command = story.command('stop', web, alice);
      web.signal('ContainerKilled', { signal: '15' });
      story.pass(40_000);
      web.signal('ContainerKilled', { signal: '9' });
      web.removed();
      command.succeed();
    });
    expect(asked).toBe('web (nginx:1.27) was removed after a stop through the API by alice.');
  });

  test('blames nobody for what came after their command was over', async () => {
    const outside = 'web (nginx:1.27) exited with code 0 after it was told to stop from outside Portolan.';
    const startedAgain = await sentenceAfter((story, web) => {
      const command = story.command('stop', web, alice);
      web.stopped();
      command.succeed();
      web.started();
      story.pass(5_000);
      web.stopped();
    });
    expect(startedAgain).toBe(outside);
    const restarted = await sentenceAfter((story, web) => {
      const command = story.command('restart', web, alice);
      web.stopped();
      web.started();
      command.succeed();
      web.stopped();
    });
    expect(restarted).toBe(outside);
    const refused = await sentenceAfter((story, web) => {
      story.command('stop', web, alice).fail(500, 'the engine said no');
      web.stopped();
    });
    expect(refused).toBe(outside);
  });

  test('keeps to a failed command what it did before it failed', async () => {
    const halfway = await sentenceAfter((story, web) => {
      const command = story.command('restart', web, alice);
      web.stopped(137);
      command.fail(500, 'cannot start: port is taken');
    });
    expect(halfway).toBe(
      'web (nginx:1.27) exited with code 137 (128 + SIGKILL; no kill was seen just before it) after a restart through the API by alice.',
    );
  });

  test('as it was at a moment, in the words of then', async () => {
    const { story, opened } = shop();
    await remembering(story, (past) => {
      expect(past.why('shop.test', position(opened)).sentence).toMatch(/^shop\.test has gone to web since/);
      expect(past.why('shop.test', position(2)).sentence).toBe(
        'no container has answered as shop.test so far.',
      );
    });
  });

  test('of a host that was asked for, and never routed, says that it is not known once nobody asks for it', async () => {
    const { story } = shop();
    const made = story.container('made');
    made.created();
    const asked = story.events().length;
    made.removed();
    const host = 'made.docker.localhost';
    await remembering(story, (past) => {
      expect(past.why(host, position(asked)).sentence).toMatch(/has been created but not started\.$/);
      expect(past.why('mde.docker.localhost', position(asked)).sentence).toContain(`${host} is near`);
      expect(past.why(host).sentence).toMatch(
        /^no container has answered as made\.docker\.localhost so far\./,
      );
      expect(past.why('mde.docker.localhost').sentence).not.toContain(host);
      expect(past.hostAt(position(asked), host)).toMatchObject({ state: 'closed' });
      expect(past.hostAt(position(story.events().length), host)).toBeNull();
    });
  });

  test('of one that was refused says who has the host, and by what name it went', async () => {
    const { story } = shop();
    story.pass(20_000);
    for (const name of ['first', 'second'])
      story.container(name, { labels: { 'portolan.host': 'twice.test' } }).started();
    const database = story.container('database', { exposed: [] });
    database.started();
    const before = story.events().length;
    database.renamed('store');
    await remembering(story, (past) => {
      expect(past.refusalsAt(position(before))).toMatchObject([
        { name: 'second', holder: 'first' },
        { name: 'database' },
      ]);
      expect(past.refusalsAt(position(story.events().length)).map(({ name }) => name)).toContain('store');
    });
  });

  test('of a host never seen names those that are near, and who runs without a route', async () => {
    const { story } = shop();
    story.container('database', { exposed: [] }).started();
    await remembering(story, (past) => {
      expect(past.why('shap.test').sentence).toMatch(
        /^no container has answered as shap\.test so far\. shop\.test is near\./,
      );
      const { sentence, chain } = past.why('database.docker.localhost');
      expect(sentence).toMatch(/Container database runs without a route: .*TCP port/);
      expect(chain.map((event) => event.type)).toEqual(['RouteRefused']);
    });
  });
});

describe('what changed', () => {
  test('between two moments: routes added, removed and changed, each with its cause', async () => {
    const { story, opened, stopped } = shop();
    await remembering(story, (past) => {
      const whole = past.diff(position(0), undefined, all);
      expect(whole.added.map((one) => one.host)).toEqual(['other.docker.localhost']);
      expect(whole.from).toEqual({ position: 0, at: null });
      const { added, removed, changed } = past.diff(position(opened), position(stopped), all);
      expect(removed.map((one) => one.host).sort()).toEqual(
        ['shop.test', 'web.docker.localhost'].slice(0, removed.length),
      );
      expect(added).toEqual([]);
      expect(changed).toEqual([]);
      expect(removed[0]!.cause).toMatchObject({ type: 'RouteClosed' });
      expect(removed[0]!.before).toMatchObject({ state: 'open', targets: [{ name: 'web' }] });
      expect(removed[0]!.after).toMatchObject({ state: 'closed', reason: 'stopped' });
    });
  });

  test('between any two moments is what the routes of both show', async () => {
    const stories = fc.record({ seed: fc.nat(), length: fc.integer({ min: 1, max: 50 }) });
    await fc.assert(
      fc.asyncProperty(stories, async ({ seed, length }) => {
        const story = lifecycles(seed, length);
        const count = story.events().length;
        await remembering(story, (past) => {
          const routesAt = (moment: At) =>
            new Map(past.routesAt(moment, all).items.map((route) => [route.id, route]));
          for (let turn = 0; turn < 30; turn += 1) {
            const ends = [(turn * 31) % count, ((turn * 17) % count) + 1].sort((a, b) => a - b);
            const [from, to] = ends.map((end) => momentAt(story, end, turn)) as [At, At];
            const [before, after] = [routesAt(from), routesAt(to)];
            const targetsOf = (route: RouteView | undefined): string =>
              route === undefined || route.state === 'closed' ? '' : JSON.stringify(route.targets);
            const expected = [...after].filter(
              ([id]) => targetsOf(before.get(id)) !== targetsOf(after.get(id)),
            );
            const told = diffPages(past, from, to, 1 + (turn % 5));
            expect(told.map((change) => change.route).sort()).toEqual(expected.map(([id]) => id).sort());
            for (const change of told) {
              expect(change.before).toEqual(before.get(change.route) ?? null);
              expect(change.after).toEqual(after.get(change.route));
            }
          }
        });
      }),
      { numRuns: 20 },
    );
  });

  test('the wrong way round is refused', async () => {
    await remembering(shop().story, (past) => {
      expect(() => past.diff(position(5), position(4), all)).toThrow(BadMoment);
    });
  });

  test('since a host last worked', async () => {
    const { story } = shop();
    await remembering(story, (past) => {
      const found = past.hostDiff('shop.test')!;
      expect(found.removed).toMatchObject([{ host: 'shop.test', cause: { type: 'RouteClosed' } }]);
      expect(past.resolveAt(position(found.lastWorked.position), 'shop.test', '/').status).toBe(200);
      expect(past.hostDiff('other.docker.localhost')).toMatchObject({ added: [], removed: [], changed: [] });
      expect(past.hostDiff('never.test')).toBeNull();
    });
  });
});

test('a route that had been closed before its host last worked is no change since', async () => {
  const story = createStory();
  story.started('boot-1', null);
  story.connected();
  story.policy();
  const [first, second] = ['/api', '/'].map((path, index) =>
    story.container(`web-${index}`, { labels: { 'portolan.host': 'shop.test', 'portolan.path': path } }),
  );
  for (const one of [first!, second!]) one.started();
  for (const one of [first!, second!]) {
    story.pass(60_000);
    one.stopped();
  }
  await remembering(story, (past) => {
    const { added, removed, changed } = past.hostDiff('shop.test')!;
    expect([added, changed]).toEqual([[], []]);
    expect(removed.map(({ before }) => before!.match.path)).toEqual(['/']);
  });
});

test('an interval that lasts was closed by nobody, and of two who may have closed one the first is told, as ambiguous', async () => {
  const story = createStory();
  story.started('boot-1', null);
  story.connected();
  story.policy();
  const web = story.container('web');
  const start = story.command('start', web, bob);
  web.started();
  start.succeed();
  await remembering(story, (past) => {
    expect(past.history('web.docker.localhost', all).items).toMatchObject([
      { to: null, opened: { actor: bob, action: 'start' }, closed: null },
    ]);
  });
  story.pass(60_000);
  const stops = [alice, bob].map((who) => story.command('stop', web, who));
  web.stopped();
  for (const command of stops) command.succeed();
  await remembering(story, (past) => {
    expect(past.history('web.docker.localhost', all).items[0]).toMatchObject({
      closed: { actor: alice, action: 'stop', basis: 'ambiguous' },
    });
  });
});

test('the history says who was behind each end', async () => {
  await remembering(shop().story, (past) => {
    const { items } = past.history('shop.test', all);
    expect(items).toMatchObject([
      {
        reason: 'stopped',
        closed: { actor: alice, action: 'stop' },
        opened: { actor: { kind: 'external' } },
      },
    ]);
  });
});

test('the timeline has the intervals that touch a stretch, and the density all events of it', async () => {
  const { story } = shop();
  await remembering(story, (past) => {
    const end = story.now() + 1;
    const whole = past.timeline({ from: 0, to: end }, all).items;
    expect(whole.map((one) => one.host)).toEqual([...whole.map((one) => one.host)].sort());
    expect(whole.length).toBe(
      past.timeline({ from: 0, to: end }, { limit: 1 }).items.length === 1 ? whole.length : -1,
    );
    const closed = whole.find((one) => one.match.host === ('shop.test' as Host))!;
    const after = Date.parse(closed.to!) + 1;
    expect(past.timeline({ from: after, to: end }, all).items.map((one) => one.host)).not.toContain(
      'shop.test',
    );
    const density = past.density({ from: Date.parse(closed.from) - 60_000, to: end }, 10);
    expect(density.buckets).toHaveLength(10);
    expect(density.buckets.reduce((sum, one) => sum + one.events, 0)).toBeGreaterThan(5);
  });
});

test('an interval that begins or ends at the very edge of a stretch touches it, and pages give each once', async () => {
  const { story } = shop();
  await remembering(story, (past) => {
    const whole = past.timeline({ from: 0, to: story.now() + 1 }, all).items;
    const closed = whole.find((one) => one.host === 'shop.test')!;
    const [from, to] = [Date.parse(closed.from), Date.parse(closed.to!)];
    const touched = (stretch: { from: number; to: number }): boolean =>
      past.timeline(stretch, all).items.some((one) => one.route === closed.route);
    expect([touched({ from: to, to: to + 10 }), touched({ from: to + 1, to: to + 10 })]).toEqual([
      true,
      false,
    ]);
    expect([touched({ from: 0, to: from }), touched({ from: 0, to: from - 1 })]).toEqual([true, false]);
    const paged = [];
    for (let cursor: string | undefined, turn = 0; turn <= whole.length; turn += 1) {
      const page = past.timeline({ from: 0, to: story.now() + 1 }, { limit: 1, cursor });
      paged.push(...page.items);
      cursor = page.next;
      if (cursor === undefined) break;
    }
    expect(paged).toEqual(whole);
  });
});

test('each event is in one bucket of the density: that which begins with its instant', async () => {
  const { story } = shop();
  await remembering(story, (past) => {
    const times = story.batches.flatMap(({ events, now }) => events.map(() => now));
    const [first, last] = [times[0]!, times.at(-1)!];
    const { buckets } = past.density({ from: first, to: last + 1 }, 5);
    expect(buckets.reduce((sum, one) => sum + one.events, 0)).toBe(times.length);
    const upTo = past.density({ from: first, to: last }, 1).buckets[0]!.events;
    expect(upTo).toBe(times.filter((time) => time < last).length);
  });
});

/** `shop.test` was served for a minute, then stopped by alice; another container came later. */
function shop() {
  const story = createStory();
  story.started('boot-1', null);
  story.connected();
  story.policy();
  const web = story.container('web', { labels: { 'portolan.host': 'shop.test' } });
  web.started();
  const opened = story.events().length;
  story.pass(60_000);
  const command = story.command('stop', web, alice);
  web.stopped();
  command.succeed();
  const stopped = story.events().length;
  story.pass(60_000);
  story.container('other').started();
  return { story, opened, stopped };
}

const clock = (instant: string): string => `${instant.slice(0, 19).replace('T', ' ')} UTC`;

function recordedAt(story: Story, index: number): number {
  let rest = index;
  for (const { events, now } of story.batches) {
    if (rest < events.length) return now;
    rest -= events.length;
  }
  throw new Error(`no event ${index}`);
}

/** A position of the story, or, in every third turn each, the instant at which it was recorded or a second later. */
function momentAt(story: Story, end: number, turn: number): At {
  if (turn % 3 === 0 || end === 0) return position(end);
  return { kind: 'instant', instant: recordedAt(story, end - 1) + (turn % 3 === 1 ? 0 : 1_000) };
}

/** All changes, `limit` a page. */
function diffPages(past: Past, from: At, to: At, limit: number): RouteChangeView[] {
  const found: RouteChangeView[] = [];
  let cursor: string | undefined;
  do {
    const { added, removed, changed, next } = past.diff(from, to, { limit, cursor });
    expect(added.length + removed.length + changed.length).toBeLessThanOrEqual(limit);
    found.push(...added, ...removed, ...changed);
    cursor = next;
  } while (cursor !== undefined);
  return found;
}
