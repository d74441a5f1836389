/** The audit: who did what, and on what basis the rest is joined to it. */
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NewEvent } from '../../src/events/event.ts';
import { advance } from '../../src/routing/advance.ts';
import { alice, bob, createStory, engine, type Story } from '../support/events.ts';
import { lifecycles } from '../support/lifecycles.ts';
import { foldAll, projecting, rowsOf, scratch, writeLog } from '../support/projecting.ts';

interface Entry {
  readonly by: string;
  readonly action: string;
  readonly name: string | null;
  readonly outcome: string;
  readonly detail: string;
  readonly basis: string;
  /** Types of the events that were joined, in their order. */
  readonly consequences: readonly string[];
}

async function auditOf(story: Story): Promise<Entry[]> {
  using folder = scratch();
  await writeLog(folder.dataDir, story.batches);
  projecting(folder.dataDir, 'p.db', (projector) => foldAll(projector, [3]));
  return entriesIn(join(folder.dataDir, 'p.db'), story.events());
}

function entriesIn(path: string, events: readonly NewEvent[]): Entry[] {
  const rows = rowsOf<Record<string, string> & { position: number }>(
    path,
    'SELECT * FROM audit ORDER BY position',
  );
  return rows.map((row) => ({
    by: `${row['actor_kind']}:${row['actor_name']}`,
    action: row['action']!,
    name: row['name'] ?? null,
    outcome: row['outcome']!,
    detail: row['detail']!,
    basis: row['basis']!,
    consequences: rowsOf<{ position: number }>(
      path,
      'SELECT position FROM audit_consequences WHERE entry = ? AND position <> entry ORDER BY position',
      row.position,
    ).map(({ position }) => events[position - 1]!.type),
  }));
}

function scene() {
  const story = createStory();
  story.policy();
  const web = story.container('web');
  web.observe();
  story.pass(60_000);
  return { story, web };
}

describe('a command', () => {
  test('a start and all that follows are one entry, by its caller', async () => {
    const { story, web } = scene();
    const command = story.command('start', web, alice);
    web.started();
    command.succeed();
    expect(await auditOf(story)).toEqual([
      {
        by: 'api:alice',
        action: 'start',
        name: 'web',
        outcome: 'succeeded',
        detail: '',
        basis: 'window',
        consequences: [
          'ContainerNetworkConnected',
          'ContainerStarted',
          'ContainerObserved',
          'RouteOpened',
          'CommandSucceeded',
        ],
      },
    ]);
  });

  test('signals that come after its outcome are still its own, for two seconds', async () => {
    const { story, web } = scene();
    const command = story.command('start', web, alice);
    command.succeed();
    story.pass(1_500);
    web.started();
    expect(await auditOf(story)).toMatchObject([{ by: 'api:alice', basis: 'window' }]);
  });

  test('what comes later is another change, from outside', async () => {
    const { story, web } = scene();
    story.command('start', web, alice).succeed();
    story.pass(2_500);
    web.started();
    expect(await auditOf(story)).toMatchObject([
      { by: 'api:alice', consequences: ['CommandSucceeded'] },
      { by: 'external:external', action: 'start' },
    ]);
  });

  test('a slow stop keeps what it caused, however long the engine takes', async () => {
    const { story, web } = scene();
    web.started();
    story.pass(60_000);
    const command = story.command('stop', web, alice);
    web.signal('ContainerKilled', { signal: '15' });
    story.pass(10_000);
    web.signal('ContainerKilled', { signal: '9' });
    web.crashed(137);
    web.signal('ContainerStopped');
    command.succeed();
    const entries = await auditOf(story);
    expect(entries).toHaveLength(2);
    expect(entries[1]).toMatchObject({ by: 'api:alice', action: 'stop', basis: 'window' });
    expect(entries[1]!.consequences).toContain('RouteClosed');
  });

  test('a paused container that is stopped is let go on by the engine for it: nobody outside unpaused it', async () => {
    const { story, web } = scene();
    web.paused();
    story.pass(60_000);
    const command = story.command('stop', web, alice);
    web.signal('ContainerKilled', { signal: '15' });
    web.unpaused();
    story.pass(10_000);
    web.signal('ContainerKilled', { signal: '9' });
    web.crashed(137);
    command.succeed();
    const [, stop, ...others] = await auditOf(story);
    expect(others).toEqual([]);
    expect(stop).toMatchObject({ by: 'api:alice', action: 'stop' });
    expect(stop!.consequences).toContain('ContainerUnpaused');
  });

  test('a create is joined exactly, by the command id that the container carries', async () => {
    const story = createStory();
    story.policy();
    const command = story.command('create', { name: 'web', id: null }, alice);
    const web = story.container('web', { labels: { 'portolan.command-id': command.id } });
    web.created({ commandId: command.id });
    web.started();
    command.succeed(web.id);
    expect(await auditOf(story)).toMatchObject([
      {
        by: 'api:alice',
        action: 'create',
        basis: 'exact',
        consequences: [
          'ContainerCreated',
          'ContainerObserved',
          'ContainerNetworkConnected',
          'ContainerStarted',
          'ContainerObserved',
          'RouteOpened',
          'CommandSucceeded',
        ],
      },
    ]);
  });

  test('another container that carries a copied command id is not its doing', async () => {
    const story = createStory();
    story.policy();
    const command = story.command('create', { name: 'web', id: null }, alice);
    const web = story.container('web');
    web.created({ commandId: command.id });
    command.succeed(web.id);
    const copy = story.container('copy');
    copy.created({ commandId: command.id });
    expect(await auditOf(story)).toMatchObject([
      { by: 'api:alice', name: 'web' },
      { by: 'external:external', action: 'create', name: 'copy' },
    ]);
  });

  test('that failed half way keeps its message and what it did cause', async () => {
    const { story, web } = scene();
    const command = story.command('restart', web, alice);
    web.signal('ContainerKilled', { signal: '15' });
    web.crashed(137);
    command.fail(500, 'cannot start: port is taken');
    const [entry] = await auditOf(story);
    expect(entry).toMatchObject({
      outcome: 'failed',
      detail: 'cannot start: port is taken',
      basis: 'window',
    });
    expect(entry!.consequences).toContain('ContainerDied');
  });

  test('a start that fails is disconnected from its network by the engine: nobody outside did that', async () => {
    for (const kind of ['start', 'restart'] as const) {
      const { story, web } = scene();
      const command = story.command(kind, web, alice);
      web.signal('ContainerNetworkConnected');
      story.pass(1_000);
      web.signal('ContainerNetworkDisconnected');
      command.fail(400, 'exec: "/nope": no such file');
      web.observe({ exitCode: 127 });
      const [entry, ...more] = await auditOf(story);
      expect(more).toEqual([]);
      expect(entry).toMatchObject({ by: 'api:alice', action: kind, outcome: 'failed', basis: 'window' });
      expect(entry!.consequences).toContain('ContainerNetworkDisconnected');
    }
  });

  test('whoever disconnects a container right after a start through the API is an entry of its own', async () => {
    const { story, web } = scene();
    const command = story.command('start', web, alice);
    web.started();
    command.succeed();
    web.signal('ContainerNetworkDisconnected');
    expect(await auditOf(story)).toMatchObject([
      { by: 'api:alice', action: 'start' },
      { by: 'external:external', action: 'disconnect', detail: 'network bridge' },
    ]);
  });

  test('a kill has the signal that was asked for: the SIGKILL right after a reload is of who asked for that', async () => {
    const { story, web } = scene();
    web.started();
    story.pass(60_000);
    const reload = story.command('kill', web, alice, { signal: 'HUP' });
    web.signal('ContainerKilled', { signal: '1' });
    reload.succeed();
    const kill = story.command('kill', web, bob);
    web.signal('ContainerKilled', { signal: '9' });
    kill.succeed();
    expect((await auditOf(story)).slice(1)).toMatchObject([
      { by: 'api:alice', detail: 'signal HUP', consequences: ['ContainerKilled', 'CommandSucceeded'] },
      { by: 'api:bob', detail: 'signal SIGKILL', basis: 'window' },
    ]);
  });

  test('of which nobody knows how it ended says so', async () => {
    const { story, web } = scene();
    const command = story.command('stop', web, alice);
    story.pass(60_000);
    story.started('boot-1', null);
    command.lose('Portolan ended before the engine answered');
    expect(await auditOf(story)).toMatchObject([
      { outcome: 'unknown', detail: 'Portolan ended before the engine answered' },
    ]);
  });

  test('without an outcome yet is pending', async () => {
    const { story, web } = scene();
    story.command('stop', web, alice);
    expect(await auditOf(story)).toMatchObject([{ outcome: 'pending' }]);
  });

  test('on a container that was only known by name finds it by its signals', async () => {
    const { story, web } = scene();
    const command = story.command('start', { name: 'web', id: null }, alice);
    web.started();
    command.succeed();
    const entries = await auditOf(story);
    expect(entries).toHaveLength(1);
    expect(entries[0]!.consequences).toContain('ContainerStarted');
  });

  test('two people at once: both commands fit, and both entries say ambiguous', async () => {
    const { story, web } = scene();
    web.started();
    story.pass(60_000);
    const first = story.command('stop', web, alice);
    const second = story.command('stop', web, bob);
    web.stopped();
    first.succeed();
    second.succeed();
    const [, one, other] = await auditOf(story);
    expect(one).toMatchObject({ by: 'api:alice', basis: 'ambiguous' });
    expect(other).toMatchObject({ by: 'api:bob', basis: 'ambiguous', consequences: one!.consequences });
    expect(one!.consequences).toContain('RouteClosed');
  });

  test('two people at once, and no signal: what is found fits both, and both say ambiguous', async () => {
    const { story, web } = scene();
    const commands = [alice, bob].map((who) => story.command('start', web, who));
    story.pass(3_000);
    web.observe(web.become('running'));
    for (const command of commands) command.succeed();
    const both = {
      action: 'start',
      basis: 'ambiguous',
      consequences: expect.arrayContaining(['ContainerObserved']),
    };
    expect(await auditOf(story)).toMatchObject([
      { by: 'api:alice', ...both },
      { by: 'api:bob', ...both },
    ]);
  });

  test('the API and somebody outside at once: two entries, and neither is said to have done it alone', async () => {
    const { story, web } = scene();
    web.started();
    story.pass(60_000);
    const stop = story.command('stop', web, alice);
    web.signal('ContainerKilled', { signal: '15' });
    web.signal('ContainerKilled', { signal: '15' });
    web.signal('ContainerDied', { exitCode: '0' });
    web.signal('ContainerNetworkDisconnected');
    stop.succeed();
    web.signal('ContainerStopped');
    web.signal('ContainerStopped');
    web.observe({ ...web.become('exited'), exitCode: 0 });
    const [, one, other, ...more] = await auditOf(story);
    expect(one).toMatchObject({ by: 'api:alice', action: 'stop', basis: 'ambiguous' });
    expect(other).toMatchObject({ by: 'external:external', action: 'stop', basis: 'ambiguous' });
    expect(more).toEqual([]);
    for (const entry of [one!, other!]) expect(entry.consequences).toContain('RouteClosed');
  });

  test('somebody outside who was first, and whose time ran out, may have ended it as well as the API', async () => {
    const { story, web } = scene();
    web.started();
    story.pass(60_000);
    web.signal('ContainerKilled', { signal: '15' });
    story.pass(2_000);
    const stop = story.command('stop', web, alice);
    web.signal('ContainerKilled', { signal: '15' });
    story.pass(3_000);
    web.signal('ContainerKilled', { signal: '9' });
    web.crashed(137);
    stop.succeed();
    web.signal('ContainerStopped');
    web.signal('ContainerStopped');
    const [, one, other, ...more] = await auditOf(story);
    expect(one).toMatchObject({ by: 'external:external', action: 'stop', basis: 'ambiguous' });
    expect(other).toMatchObject({ by: 'api:alice', action: 'stop', basis: 'ambiguous' });
    expect(more).toEqual([]);
    for (const entry of [one!, other!]) expect(entry.consequences).toContain('RouteClosed');
  });

  test('a command has each effect once: a restart from outside right after a start through the API is not part of that', async () => {
    const { story, web } = scene();
    const start = story.command('start', web, alice);
    web.started();
    start.succeed();
    story.pass(500);
    web.stopped();
    web.started();
    expect(await auditOf(story)).toMatchObject([
      {
        by: 'api:alice',
        action: 'start',
        consequences: [
          'ContainerNetworkConnected',
          'ContainerStarted',
          'ContainerObserved',
          'RouteOpened',
          'CommandSucceeded',
        ],
      },
      { by: 'external:external', action: 'stop' },
      { by: 'external:external', action: 'start' },
    ]);
  });

  test('two commands of different kinds in a row keep their own signals apart', async () => {
    const { story, web } = scene();
    const start = story.command('start', web, alice);
    web.started();
    start.succeed();
    const halt = story.command('pause', web, bob);
    web.paused();
    halt.succeed();
    expect(await auditOf(story)).toMatchObject([
      { by: 'api:alice', basis: 'window' },
      {
        by: 'api:bob',
        basis: 'window',
        consequences: ['ContainerPaused', 'ContainerObserved', 'RouteClosed', 'CommandSucceeded'],
      },
    ]);
  });

  test('that the engine did not answer in time may still have its effect a while later', async () => {
    const { story, web } = scene();
    web.started();
    story.pass(60_000);
    story.command('stop', web, alice).fail(504, 'the engine did not answer within 40 s');
    story.pass(30_000);
    web.stopped(137);
    const [, stop, ...more] = await auditOf(story);
    expect(stop).toMatchObject({ by: 'api:alice', outcome: 'failed', basis: 'window' });
    expect(stop!.consequences).toContain('RouteClosed');
    expect(more).toEqual([]);
  });

  test('that the engine refused explains nothing that happens a while later', async () => {
    const { story, web } = scene();
    web.started();
    story.pass(60_000);
    story.command('stop', web, alice).fail(500, 'the engine said no');
    story.pass(30_000);
    web.stopped(137);
    expect((await auditOf(story)).at(-1)).toMatchObject({ by: 'external:external', action: 'stop' });
  });

  test('that was refused counts the calls', async () => {
    const { story } = scene();
    const span = { from: story.instant(), to: story.instant() };
    story.note('CommandRefused', { reason: 'no token', count: 3, ...span }, { actor: bob });
    expect(await auditOf(story)).toMatchObject([
      { by: 'api:bob', action: 'refused', outcome: 'refused', detail: 'no token (3 calls)' },
    ]);
  });
});

describe('a container that its engine removes once it has ended', () => {
  function runs() {
    const story = createStory();
    story.policy();
    const web = story.container('web', { autoRemove: true });
    web.created();
    web.started();
    story.pass(60_000);
    return { story, web };
  }

  test('stopped through the API, it is removed by that command, also when the removal takes long', async () => {
    for (const wait of [0, 20_000]) {
      const { story, web } = runs();
      const command = story.command('stop', web, alice);
      web.stopped();
      command.succeed();
      story.pass(wait);
      web.removed();
      const entries = await auditOf(story);
      expect(entries.map(({ by, action }) => [by, action])).toEqual([
        ['external:external', 'run'],
        ['api:alice', 'stop'],
      ]);
      expect(entries[1]).toMatchObject({ basis: 'window' });
      expect(entries[1]!.consequences.slice(-2)).toEqual(['ContainerDestroyed', 'ContainerLost']);
    }
  });

  test('stopped from outside or ended by itself, both are one entry', async () => {
    for (const [end, by, action] of [
      ['stopped', 'external:external', 'stop'],
      ['crashed', 'engine:engine', 'exit'],
    ] as const) {
      const { story, web } = runs();
      web[end]();
      story.pass(3_000);
      web.removed();
      const entries = await auditOf(story);
      expect(entries).toHaveLength(2);
      expect(entries[1]).toMatchObject({ by, action });
      expect(entries[1]!.consequences).toContain('ContainerLost');
    }
  });

  test('while somebody removes it, too, both may have been first', async () => {
    const { story, web } = runs();
    const stop = story.command('stop', web, alice);
    const removal = story.command('remove', web, bob);
    web.stopped();
    web.removed();
    stop.succeed();
    removal.succeed();
    expect((await auditOf(story)).slice(1)).toMatchObject([
      { by: 'api:alice', basis: 'ambiguous' },
      { by: 'api:bob', basis: 'ambiguous' },
    ]);
  });

  test('others that are removed after a stop were removed by somebody', async () => {
    const { story, web } = scene();
    web.started();
    story.pass(60_000);
    const command = story.command('stop', web, alice);
    web.stopped();
    command.succeed();
    web.removed();
    expect((await auditOf(story)).slice(1)).toMatchObject([
      { by: 'api:alice', action: 'stop' },
      { by: 'external:external', action: 'remove' },
    ]);
  });
});

describe('a change from outside', () => {
  test('a stop is one entry, with all of its signals and the route that it closed', async () => {
    const { story, web } = scene();
    web.started();
    story.pass(60_000);
    web.stopped();
    const [, stop] = await auditOf(story);
    expect(stop).toMatchObject({
      by: 'external:external',
      action: 'stop',
      outcome: 'observed',
      detail: 'signal 15, exit code 0',
      consequences: [
        'ContainerDied',
        'ContainerObserved',
        'RouteClosed',
        'ContainerNetworkDisconnected',
        'ContainerStopped',
      ],
    });
  });

  test('a paused container that is stopped is let go on for it: still one stop, with its ten seconds', async () => {
    const { story, web } = scene();
    web.paused();
    story.pass(60_000);
    web.signal('ContainerKilled', { signal: '15' });
    web.unpaused();
    story.pass(10_000);
    web.signal('ContainerKilled', { signal: '9' });
    web.crashed(137);
    web.signal('ContainerStopped');
    expect((await auditOf(story)).slice(1)).toMatchObject([
      { by: 'external:external', action: 'stop', detail: 'signal 15, signal 9, exit code 137' },
    ]);
  });

  test('a stop whose signal comes before the death is the same', async () => {
    const { story, web } = scene();
    web.started();
    story.pass(60_000);
    web.signal('ContainerKilled', { signal: '15' });
    web.signal('ContainerStopped');
    web.signal('ContainerDied', { exitCode: '0' });
    expect((await auditOf(story)).slice(1)).toMatchObject([{ action: 'stop' }]);
  });

  test('a container is given its stop signal and ten seconds: still one stop', async () => {
    const story = createStory();
    story.policy();
    const web = story.container('web', { stopSignal: 'SIGQUIT' });
    web.started();
    story.pass(60_000);
    web.signal('ContainerKilled', { signal: '3' });
    story.pass(10_000);
    web.stopped(137);
    expect((await auditOf(story)).slice(1)).toMatchObject([{ action: 'stop' }]);
  });

  test('a signal that only asks for a reload does not explain a crash ten seconds later', async () => {
    const { story, web } = scene();
    web.started();
    story.pass(60_000);
    web.signal('ContainerKilled', { signal: '1' });
    story.pass(10_000);
    web.crashed(139);
    expect((await auditOf(story)).slice(1)).toMatchObject([
      { by: 'external:external', action: 'kill', detail: 'signal 1' },
      { by: 'engine:engine', action: 'exit', detail: 'exit code 139' },
    ]);
  });

  test('a forced removal is one entry', async () => {
    const { story, web } = scene();
    web.started();
    story.pass(60_000);
    web.signal('ContainerKilled', { signal: '9' });
    web.crashed(137);
    web.removed();
    const [, remove] = await auditOf(story);
    expect(remove).toMatchObject({ by: 'external:external', action: 'remove' });
    expect(remove!.consequences).toContain('ContainerLost');
  });

  test('a start is one entry with its network', async () => {
    const { story, web } = scene();
    web.started();
    expect(await auditOf(story)).toMatchObject([
      { by: 'external:external', action: 'start', consequences: expect.arrayContaining(['RouteOpened']) },
    ]);
  });

  test('docker run is one entry with the route that it opened; a start that comes later is another', async () => {
    const story = createStory();
    story.policy();
    const web = story.container('web');
    web.created();
    web.started();
    const later = story.container('later');
    later.created();
    story.pass(10_000);
    later.started();
    expect(await auditOf(story)).toMatchObject([
      {
        by: 'external:external',
        action: 'run',
        name: 'web',
        consequences: expect.arrayContaining(['RouteOpened']),
      },
      { action: 'create', name: 'later' },
      { action: 'start', name: 'later' },
    ]);
  });

  test('a start that failed is one entry that says so, with all of its networks, and the next try another', async () => {
    const { story, web } = scene();
    for (let tries = 0; tries < 2; tries += 1) {
      for (const network of ['bridge', 'shop']) web.signal('ContainerNetworkConnected', { network });
      story.pass(5_000);
      for (const network of ['bridge', 'shop']) web.signal('ContainerNetworkDisconnected', { network });
      web.observe({ exitCode: 127 });
    }
    const entries = await auditOf(story);
    expect(entries).toHaveLength(2);
    for (const entry of entries)
      expect(entry).toMatchObject({ by: 'external:external', action: 'start', detail: 'it did not start' });
  });

  test('docker run --rm of what does not start is one entry, its removal by the engine too', async () => {
    const story = createStory();
    story.policy();
    const web = story.container('web', { autoRemove: true });
    web.created();
    web.signal('ContainerNetworkConnected');
    web.signal('ContainerNetworkDisconnected');
    web.removed();
    expect(await auditOf(story)).toMatchObject([
      { by: 'external:external', action: 'run', detail: 'it did not start' },
    ]);
  });

  test('a restart by the engine that fails is the engine’s own', async () => {
    const story = createStory();
    story.policy();
    const web = story.container('web', { restartPolicy: 'always' });
    web.started();
    story.pass(60_000);
    web.crashed(1);
    web.signal('ContainerNetworkConnected');
    web.signal('ContainerNetworkDisconnected');
    expect((await auditOf(story)).slice(1)).toMatchObject([{ by: 'engine:engine', action: 'exit' }]);
  });

  test('networks that a running container joins and leaves are an entry each, by name, however the engine repeats itself', async () => {
    const { story, web } = scene();
    web.started();
    web.signal('ContainerNetworkConnected', { network: 'shop' });
    web.signal('ContainerNetworkConnected', { network: 'back' });
    for (const network of ['bridge', 'bridge', 'shop', 'shop'])
      web.signal('ContainerNetworkDisconnected', { network });
    expect((await auditOf(story)).map(({ action, detail }) => [action, detail])).toEqual([
      ['start', ''],
      ['connect', 'network shop'],
      ['connect', 'network back'],
      ['disconnect', 'network bridge'],
      ['disconnect', 'network shop'],
    ]);
  });

  test('a rename says from what to what', async () => {
    const { story, web } = scene();
    web.renamed('shop');
    expect(await auditOf(story)).toMatchObject([{ action: 'rename', detail: 'web to shop' }]);
  });

  test('a process that ends by itself is nobody outside, and neither is the restart that the engine makes', async () => {
    const story = createStory();
    story.policy();
    const web = story.container('web', { restartPolicy: 'always' });
    web.started();
    story.pass(60_000);
    web.crashed(1);
    story.pass(20_000);
    web.started();
    story.pass(60_000);
    web.crashed(1);
    expect((await auditOf(story)).slice(1)).toMatchObject([
      { by: 'engine:engine', action: 'restart', detail: 'exit code 1' },
      { by: 'engine:engine', action: 'exit' },
    ]);
  });

  test('one process of a container that ran out of memory is no end of the container', async () => {
    const { story, web } = scene();
    web.started();
    story.pass(60_000);
    web.signal('ContainerOutOfMemory');
    web.observe();
    story.pass(60_000);
    web.signal('ContainerOutOfMemory');
    web.crashed(137);
    expect((await auditOf(story)).slice(1)).toMatchObject([
      { by: 'engine:engine', action: 'oom', detail: 'out of memory' },
      { by: 'engine:engine', action: 'exit', detail: 'out of memory, exit code 137' },
    ]);
  });

  test('an end by SIGKILL that nobody was seen to send says so, and one that was sent, or told of as out of memory, does not', async () => {
    const unseen = 'exit code 137 (128 + SIGKILL; no kill was seen just before it)';
    const { story, web } = scene();
    web.started();
    story.pass(60_000);
    web.crashed(137);
    story.pass(60_000);
    web.started();
    story.pass(60_000);
    const kill = story.command('kill', web, alice);
    web.signal('ContainerKilled', { signal: '9' });
    kill.succeed();
    // It was not in the state to die at once, and the command's effects are over.
    story.pass(20_000);
    web.crashed(137);
    const entries = await auditOf(story);
    expect(entries.find(({ action }) => action === 'exit')).toMatchObject({ detail: unseen });
    expect(entries.at(-1)).toMatchObject({ action: 'exit', detail: 'exit code 137' });
  });

  test('without a restart policy a start after a crash came from outside', async () => {
    const { story, web } = scene();
    web.started();
    story.pass(60_000);
    web.crashed(1);
    story.pass(1_000);
    web.started();
    expect((await auditOf(story)).slice(1)).toMatchObject([
      { by: 'engine:engine', action: 'exit' },
      { by: 'external:external', action: 'start' },
    ]);
  });

  test('that the engine told of only when Portolan was back says when it happened', async () => {
    const { story, web } = scene();
    web.started();
    story.pass(60_000);
    web.signal('ContainerKilled', { signal: '15' }, 30_000);
    web.signal('ContainerDied', { exitCode: '0' }, 30_000);
    web.signal('ContainerStopped', {}, 30_000);
    expect((await auditOf(story)).slice(1)).toMatchObject([
      { action: 'stop', detail: 'happened at 2026-01-05 06:01:30 UTC, told late, signal 15, exit code 0' },
    ]);
  });

  test('that nobody watched is known by what was found later', async () => {
    const { story, web } = scene();
    web.started();
    const alive = story.instant();
    story.pass(60_000);
    web.observe(web.become('exited'), alive);
    story.pass(60_000);
    web.vanished(alive);
    expect((await auditOf(story)).slice(1)).toMatchObject([
      {
        by: 'external:external',
        action: 'stop',
        detail: 'inferred: no signal told of it',
        consequences: ['RouteClosed'],
      },
      { by: 'external:external', action: 'remove' },
    ]);
  });

  test('who started a container a moment before has not caused it to be missing', async () => {
    const { story, web } = scene();
    web.started();
    const alive = story.instant();
    story.pass(500);
    web.vanished(alive);
    const asked = story.container('asked');
    const command = story.command('start', asked, alice);
    asked.started();
    command.succeed();
    story.pass(500);
    asked.vanished(alive);
    const gone = {
      action: 'remove',
      detail: 'inferred: no signal told of it',
      consequences: ['RouteClosed'],
    };
    expect(await auditOf(story)).toMatchObject([
      { by: 'external:external', action: 'start', name: 'web' },
      { by: 'external:external', name: 'web', ...gone },
      { by: 'api:alice', action: 'start', name: 'asked' },
      { by: 'external:external', name: 'asked', ...gone },
    ]);
  });

  test('who ended a container a moment before is who it is missing for', async () => {
    const { story, web } = scene();
    web.started();
    story.pass(60_000);
    web.crashed(1);
    story.pass(500);
    web.vanished(story.instant());
    const [, exit, ...more] = await auditOf(story);
    expect(exit).toMatchObject({ by: 'engine:engine', action: 'exit' });
    expect(exit!.consequences).toContain('ContainerLost');
    expect(more).toEqual([]);
  });

  test('containers that stay behind on an engine that was replaced were removed by nobody', async () => {
    const { story, web } = scene();
    web.started();
    story.pass(60_000);
    const between = [story.instant(), story.instant()] as const;
    const lost = { kind: 'lost', engine, container: web.id, reason: 'engine-replaced', between } as const;
    const { events } = advance(story.state, lost as never, story.now());
    story.batches.push({ now: story.now(), events });
    expect(events[0]).toMatchObject({ type: 'ContainerLost', inferred: true });
    expect((await auditOf(story)).map(({ action }) => action)).not.toContain('remove');
  });

  test('containers that are there at the first start are no change', async () => {
    const story = createStory();
    story.policy();
    const web = story.container('web');
    web.observe(web.become('running'));
    expect(await auditOf(story)).toEqual([]);
  });

  test('a host that passes on when its holder is down belongs to the stop of the holder', async () => {
    const story = createStory();
    story.policy();
    const first = story.container('first', { labels: { 'portolan.host': 'shop.test' } });
    first.started();
    story.pass(60_000);
    const second = story.container('second', { labels: { 'portolan.host': 'shop.test' } });
    second.started();
    story.pass(60_000);
    const command = story.command('stop', first, alice);
    first.stopped();
    command.succeed();
    story.pass(10_100);
    const entry = (await auditOf(story)).at(-1)!;
    expect(entry).toMatchObject({ by: 'api:alice', action: 'stop' });
    expect(entry.consequences.at(-1)).toBe('RouteOpened');
  });
});

test('in any story each command is one entry, and each signal but those of health belongs to one', async () => {
  const stories = fc.record({ seed: fc.nat(), length: fc.integer({ min: 1, max: 60 }) });
  await fc.assert(
    fc.asyncProperty(stories, async ({ seed, length }) => {
      using folder = scratch();
      const story = lifecycles(seed, length);
      await writeLog(folder.dataDir, story.batches);
      projecting(folder.dataDir, 'p.db', (projector) => foldAll(projector));
      const path = join(folder.dataDir, 'p.db');
      const events = story.events();
      const joined = new Set(
        rowsOf<{ position: number }>(path, 'SELECT position FROM audit_consequences').map(
          (row) => row.position,
        ),
      );
      const entries = new Set(
        rowsOf<{ position: number }>(path, 'SELECT position FROM audit').map((row) => row.position),
      );
      for (const [index, { type, streamId }] of events.entries()) {
        const isSignal = streamId.startsWith('container:') && /^Container(?!Observed|Lost|Health)/.test(type);
        if (isSignal) expect(joined, `${type} at ${index + 1}`).toContain(index + 1);
        if (type === 'CommandRequested') expect(entries).toContain(index + 1);
      }
    }),
    { numRuns: 20 },
  );
});
