/** The loop on a real log: what it does with repeats, with what somebody else appended, and with what it cannot decide. */
import { renameSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createLoop, type Loop } from '../../src/control/loop.ts';
import { journal } from '../../src/control/notes.ts';
import { foldInto } from '../../src/control/recover.ts';
import { createTableEntries } from '../../src/control/table-entries.ts';
import { createTableFeed } from '../../src/control/table-feed.ts';
import type { Event } from '../../src/events/event.ts';
import type { Host } from '../../src/events/ids.ts';
import type { ContainerObservation } from '../../src/events/observations.ts';
import { logPath } from '../../src/log/path.ts';
import type { Log } from '../../src/log/port.ts';
import type { Input } from '../../src/routing/record.ts';
import { createState } from '../../src/routing/state.ts';
import type { HostEntry } from '../../src/routing/table.ts';
import { makeFolder, open, readAll, readWith } from '../log/support.ts';
import { defaultPolicy, engineA, exited, idOf, running } from '../routing/scenario.ts';

afterEach(() => void vi.useRealTimers());

/** A loop as the app makes it, and what the proxy would serve. */
async function startLoop() {
  const dataDir = makeFolder();
  const log = await open(dataDir);
  const served = new Map<string, HostEntry>();
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  /** What the app gives the loop, and where it fails. */
  const faults = { workers: false, commit: false };
  const outages: unknown[] = [];
  let now = 1_767_600_000_000;
  const setClock = (milliseconds: number): void => {
    now += milliseconds;
  };
  const loop: Loop = createLoop({
    log,
    state: createState(),
    feed: createTableFeed(createTableEntries(onError), ({ hosts }) => {
      if (faults.workers) throw new TypeError('no workers');
      for (const entry of hosts) served.set(entry.host, entry);
    }),
    catchUp: (behind) => void readWith(dataDir, (reader) => foldInto(behind, reader)),
    now: () => (now += 1),
    onCommit: () => {
      if (faults.commit) throw new TypeError('no snapshot');
    },
    onUnwritable: (error) => void outages.push(error),
    onError,
  });
  loop.submit({ kind: 'policy', policy: defaultPolicy, id: 'policy' as Event['id'] });
  await loop.settled();
  const targetsOf = (name: string): number =>
    served.get(`${name}.docker.localhost` as Host)?.routes.flatMap(({ targets }) => targets).length ?? 0;
  return { dataDir, log, loop, errors, faults, outages, served, targetsOf, setClock };
}

const seen = (observation: ContainerObservation): Input => ({
  kind: 'observed',
  engine: engineA,
  observation,
  between: null,
});
const observed = (name: string): Input => seen(running(name));
const goneDown = (name: string): Input => seen(exited(running(name)));
const undecidable = (): Input => seen({ ...running('broken'), networks: null as never });
const started = (name: string): Input => ({
  kind: 'signal',
  engine: engineA,
  type: 'ContainerStarted',
  timeNano: 1_767_600_000_000_000_000n,
  source: 'container',
  action: 'start',
  container: idOf(name),
  claimed: {},
  attributeDigest: name,
});
const gapOf = (lost: number): Input =>
  journal('RecordingGapDetected', { from: '', to: '', lost, reason: '' }, null, 0);
const typesIn = (dataDir: string): string[] => readAll(dataDir).map(({ type }) => type);

test('what the log knows already burns no position, and what came with it is recorded', async () => {
  const { dataDir, loop } = await startLoop();
  const first = await loop.record(started('web'));
  expect(first?.type).toBe('ContainerStarted');
  const [again, next] = await Promise.all([loop.record(started('web')), loop.record(observed('web'))]);
  expect([again, next?.type]).toEqual([null, 'ContainerObserved']);
  expect(typesIn(dataDir)).toEqual(['PolicyApplied', 'ContainerStarted', 'ContainerObserved', 'RouteOpened']);
});

test('where somebody else has appended, it is folded in and decided again upon', async () => {
  const { dataDir, log, loop, targetsOf } = await startLoop();
  const other = await secondLoop(log, dataDir);
  await other.record(observed('theirs'));
  expect(loop.state().containers.size).toBe(0);
  await loop.record(observed('ours'));
  expect([...loop.state().containers.values()].map(({ observation }) => observation.name)).toEqual([
    'theirs',
    'ours',
  ]);
  expect(targetsOf('ours')).toBe(1);
  expect(loop.state().position).toBe(log.head().position);
});

test('an input that cannot be decided is a failure of its own: what came with it is recorded, what comes next too', async () => {
  const { dataDir, loop, errors, targetsOf } = await startLoop();
  const poison = undecidable();
  const outcomes = await Promise.allSettled(
    [observed('before'), poison, observed('after')].map((input) => loop.record(input)),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(outcomes[1]).toMatchObject({ reason: expect.any(TypeError) });
  loop.submit(poison);
  await loop.settled();
  expect(errors).toEqual([expect.any(TypeError)]);
  expect(loop.writable()).toBe(true);
  await loop.record(observed('next'));
  expect(['before', 'after', 'next'].map(targetsOf)).toEqual([1, 1, 1]);
  expect(typesIn(dataDir).filter((type) => type === 'ContainerObserved')).toHaveLength(3);
});

test('with the log unwritable a target that is gone is taken out, none is added, and a retry goes on', async () => {
  const { log, loop, targetsOf } = await startLoop();
  await loop.record(observed('web'));
  await log.close();
  await expect(loop.record(goneDown('web'))).rejects.toMatchObject({ name: 'LogUnwritable' });
  await expect(loop.record(observed('new'))).rejects.toMatchObject({ name: 'LogUnwritable' });
  expect(loop.writable()).toBe(false);
  expect(loop.lost()).toBe(2);
  expect(['web', 'new'].map(targetsOf)).toEqual([0, 0]);
  expect(await loop.retry(gapOf)).toBe(false);
  expect(loop.lost()).toBe(2);
});

test('with the log unwritable an input that cannot be decided keeps no other target that is gone in the table', async () => {
  const { log, loop, errors, targetsOf } = await startLoop();
  for (const name of ['first', 'web', 'shop']) await loop.record(observed(name));
  await log.close();
  await expect(loop.record(goneDown('first'))).rejects.toMatchObject({ name: 'LogUnwritable' });
  for (const input of [goneDown('web'), undecidable(), goneDown('shop')]) loop.submit(input);
  await loop.settled();
  expect(errors).toEqual([expect.any(TypeError)]);
  expect(loop.lost()).toBe(4);
  expect(['first', 'web', 'shop'].map(targetsOf)).toEqual([0, 0, 0]);
});

test('nor does it bring back one that was taken out before', async () => {
  const { log, loop, targetsOf } = await startLoop();
  const shop = { spec: { labels: { 'portolan.service': 'shop', 'portolan.host': 'shop.docker.localhost' } } };
  const replica = (name: string): Input => seen(running(name, shop));
  const ending = (name: string): Input => seen(exited(running(name, shop)));
  for (const name of ['one', 'two', 'three']) await loop.record(replica(name));
  expect(targetsOf('shop')).toBe(3);
  await log.close();
  await expect(loop.record(ending('one'))).rejects.toMatchObject({ name: 'LogUnwritable' });
  loop.submit(undecidable());
  loop.submit(ending('two'));
  await loop.settled();
  expect(targetsOf('shop')).toBe(1);
});

test('with the log unwritable nobody is woken for a takeover that could not be recorded', async () => {
  const { log, loop } = await startLoop();
  const shop = { spec: { labels: { 'portolan.host': 'shop.docker.localhost' } } };
  await loop.record(seen(running('holder', shop)));
  await loop.record(seen(running('rival', shop)));
  await loop.record(seen(exited(running('holder', shop))));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  loop.submit(observed('other'));
  await loop.settled();
  expect(vi.getTimerCount()).toBe(1);
  await log.close();
  await expect(loop.record(observed('next'))).rejects.toMatchObject({ name: 'LogUnwritable' });
  await loop.settled();
  expect(vi.getTimerCount()).toBe(0);
});

test('a claim runs out after its time also where the clock was a day ahead and was set back', async () => {
  const { dataDir, loop, targetsOf, setClock } = await startLoop();
  const shop = { spec: { labels: { 'portolan.host': 'shop.docker.localhost' } } };
  setClock(86_400_000);
  await loop.record(seen(running('holder', shop)));
  await loop.record(seen(running('rival', shop)));
  setClock(-86_400_000);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await loop.record(seen(exited(running('holder', shop))));
  await loop.settled();
  expect(targetsOf('shop')).toBe(0);
  vi.advanceTimersByTime(defaultPolicy.claimHold);
  await loop.settled();
  expect(targetsOf('shop')).toBe(1);
  expect(readAll(dataDir).at(-1)).toMatchObject({ type: 'RouteOpened', data: { owner: 'rival' } });
});

describe('a defect of ours is told and no outage of the log', () => {
  test.each([
    ['as the workers are told', 'workers'],
    ['after a commit', 'commit'],
  ] as const)('%s', async (_, fault) => {
    const { dataDir, loop, errors, faults, outages } = await startLoop();
    faults[fault] = true;
    const event = await loop.record(observed('web'));
    expect(event?.type).toBe('ContainerObserved');
    expect(errors).toEqual([expect.any(TypeError)]);
    expect([loop.writable(), loop.lost(), outages]).toEqual([true, 0, []]);
    faults[fault] = false;
    await loop.record(observed('next'));
    expect(errors).toHaveLength(1);
    expect(typesIn(dataDir)).not.toContain('RecordingGapDetected');
  });

  test('as an entry of the table is made: its host is closed, all others are served', async () => {
    const { loop, errors, outages, served, targetsOf } = await startLoop();
    await loop.record(observed('broken'));
    const down = seen(exited(running('broken'), untellable));
    const outcomes = await Promise.all([down, observed('web')].map((one) => loop.record(one)));
    expect(outcomes.map((event) => event?.type)).toEqual(['ContainerObserved', 'ContainerObserved']);
    expect(errors).toEqual([expect.any(TypeError)]);
    expect([loop.writable(), loop.lost(), outages]).toEqual([true, 0, []]);
    expect(['broken', 'web'].map(targetsOf)).toEqual([0, 1]);
    expect(served.get('broken.docker.localhost' as Host)?.sentence).toMatch(/a defect of Portolan/);
  });

  test('as one of several inputs is appended: that one fails, the others are recorded', async () => {
    const { dataDir, loop, errors, outages, targetsOf } = await startLoop();
    const outcomes = await Promise.allSettled(
      [observed('before'), unstorable(), observed('after')].map((one) => loop.record(one)),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: expect.any(RangeError) });
    expect([loop.writable(), loop.lost(), outages, errors]).toEqual([true, 0, [], []]);
    expect(['before', 'after'].map(targetsOf)).toEqual([1, 1]);
    expect(typesIn(dataDir)).not.toContain('CommandRefused');
  });
});

test('what comes in during a retry in vain is among what was lost', async () => {
  const { log, loop } = await startLoop();
  await log.close();
  await expect(loop.record(observed('one'))).rejects.toMatchObject({ name: 'LogUnwritable' });
  const told: number[] = [];
  const retried = loop.retry((lost) => {
    told.push(lost);
    return gapOf(lost);
  });
  loop.submit(observed('two'));
  loop.submit(observed('three'));
  expect(await retried).toBe(false);
  expect(told).toEqual([1]);
  expect(loop.lost()).toBe(3);
});

test('a log that cannot be read where somebody else has appended is an outage, with the way out', async () => {
  const { dataDir, log, loop, errors, outages } = await startLoop();
  const other = await secondLoop(log, dataDir);
  await other.record(observed('theirs'));
  const path = logPath(dataDir);
  renameSync(path, `${path}.away`);
  await expect(loop.record(observed('ours'))).rejects.toMatchObject({ name: 'LogUnwritable' });
  renameSync(`${path}.away`, path);
  expect(outages).toEqual([expect.objectContaining({ hint: expect.stringMatching(/./) })]);
  expect(errors).toEqual([]);
  expect(await loop.retry(gapOf)).toBe(true);
  expect(typesIn(dataDir).at(-1)).toBe('RecordingGapDetected');
});

/** An exit code of which no sentence can be made. */
const untellable = Object.create(null) as number;

/** The name of its actor is no text: SQLite takes it for a list of values, of which there are too few then. */
const unstorable = (): Input => {
  const data = { reason: 'token', count: 1, from: '', to: '' };
  const input = journal('CommandRefused', data as never, null, 0) as Extract<Input, { kind: 'note' }>;
  return { ...input, note: { ...input.note, actor: { kind: 'api', name: [] as never } } } as Input;
};

/** As another process would write the same log. */
async function secondLoop(log: Log, dataDir: string): Promise<Loop> {
  const state = createState();
  readWith(dataDir, (reader) => foldInto(state, reader));
  const nothing = (): void => undefined;
  return createLoop({
    log,
    state,
    feed: { tell: nothing, withdraw: nothing },
    catchUp: nothing,
    now: Date.now,
    onCommit: nothing,
    onUnwritable: nothing,
    onError: nothing,
  });
}
