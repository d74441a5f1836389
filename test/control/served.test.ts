/** What the workers get of the table while containers are being ended, of tables that the real deciding code makes. */
import { afterEach, expect, test, vi } from 'vitest';
import { createServed } from '../../src/control/served.ts';
import type { Host } from '../../src/events/ids.ts';
import { entriesOf } from '../../src/routing/entries.ts';
import type { HostEntry, TableDelta } from '../../src/routing/table.ts';
import { createScenario, exited, idOf, running } from '../routing/scenario.ts';

afterEach(() => void vi.useRealTimers());

const stopping = { certain: true, word: 'stopped' };
const perhaps = { certain: false, word: 'ended' };
const shop = 'shop.docker.localhost' as Host;
const replica = { spec: { labels: { 'portolan.host': shop, 'portolan.service': 'shop' } } };

/** The containers as running, and what the workers know. */
function serve(...names: string[]) {
  const scenario = createScenario();
  const observations = new Map(names.map((name) => [name, running(name, replica)]));
  for (const observation of observations.values()) scenario.observed(observation);
  const workers = new Map<string, HostEntry>();
  const told: TableDelta[] = [];
  const learn = (hosts: readonly HostEntry[]): void => {
    for (const entry of hosts) workers.set(entry.host, entry);
  };
  const served = createServed((delta) => {
    told.push(delta);
    learn(delta.hosts);
  });
  const snapshot = () => ({
    position: scenario.state.position,
    trust: 'confirmed' as const,
    hosts: entriesOf(scenario.state),
  });
  learn(served.table(snapshot()).hosts);
  return {
    served,
    told,
    observations,
    observe: scenario.observed,
    /** As a commit, and as a list of the engine. */
    change: () => learn(served.delta(snapshot()).hosts),
    replace: () => learn(served.table(snapshot()).hosts),
    names: () =>
      workers
        .get(shop)!
        .routes.flatMap(({ targets }) => targets.map(({ name }) => name))
        .sort(),
    sentence: () => [workers.get(shop)!.sentence, ...workers.get(shop)!.routes.map((one) => one.sentence)],
  };
}

test('one of two that is withdrawn gets no more requests, the other does, and it can be put back', () => {
  const { served, names, sentence, told } = serve('one', 'two');
  const withdrawal = served.withdraw(idOf('one'), [shop], stopping);
  expect(withdrawal.targets).toHaveLength(1);
  expect(names()).toEqual(['two']);
  expect(sentence()).toEqual(['', '']);
  withdrawal.putBack();
  expect(names()).toEqual(['one', 'two']);
  withdrawal.putBack();
  expect(told).toHaveLength(2);
});

test('where nobody is left, a visitor learns what is being done', () => {
  const { served, names, sentence } = serve('one');
  served.withdraw(idOf('one'), [shop], stopping);
  expect(names()).toEqual([]);
  const why = `${shop} has no upstream: container one is being stopped.`;
  expect(sentence()).toEqual([why, why]);
});

test('one that may go on goes where another is left, and stays where none is', () => {
  const { served, names } = serve('one', 'two');
  const first = served.withdraw(idOf('one'), [shop], perhaps);
  expect(names()).toEqual(['two']);
  served.withdraw(idOf('two'), [shop], perhaps);
  expect(names()).toEqual(['one', 'two']);
  first.putBack();
  expect(names()).toEqual(['one']);
});

test('one that ends for certain leaves the request to the one that may go on', () => {
  const { served, names } = serve('one', 'two');
  served.withdraw(idOf('one'), [shop], perhaps);
  served.withdraw(idOf('two'), [shop], stopping);
  expect(names()).toEqual(['one']);
});

test.each(['change', 'replace'] as const)('a %s of the table meanwhile brings nothing back', (how) => {
  const { served, names, observe, ...table } = serve('one', 'two');
  const withdrawal = served.withdraw(idOf('one'), [shop], stopping);
  observe(running('three', replica));
  table[how]();
  expect(names()).toEqual(['three', 'two']);
  withdrawal.putBack();
  expect(names()).toEqual(['one', 'three', 'two']);
});

test('its next start is another target, and is served at once', () => {
  const { served, names, observe, observations, change, told } = serve('one');
  const withdrawal = served.withdraw(idOf('one'), [shop], { certain: true, word: 'restarted' });
  const before = observations.get('one')!;
  observe(exited(before));
  change();
  expect(names()).toEqual([]);
  observe({ ...before, startedAt: '2026-01-01T14:00:05Z' });
  change();
  expect(names()).toEqual(['one']);
  const count = told.length;
  withdrawal.putBack();
  expect(told).toHaveLength(count);
});

test('what still runs after a while did not end, and is served again', () => {
  vi.useFakeTimers();
  const { served, names } = serve('one');
  served.withdraw(idOf('one'), [shop], stopping).putBackAfter(1_000);
  vi.advanceTimersByTime(999);
  expect(names()).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(names()).toEqual(['one']);
});

test('nobody waits for what has ended, nor is told of it again', () => {
  vi.useFakeTimers();
  const { served, observe, observations, change, told } = serve('one');
  served.withdraw(idOf('one'), [shop], stopping).putBackAfter(1_000);
  observe(exited(observations.get('one')!));
  change();
  expect(vi.getTimerCount()).toBe(0);
  expect(told).toHaveLength(1);
});

test('a container without targets there takes nothing out and tells nobody', () => {
  const { served, told } = serve('one');
  expect(served.withdraw(idOf('other'), [shop], stopping).targets).toEqual([]);
  expect(served.withdraw(idOf('one'), ['else.docker.localhost' as Host], stopping).targets).toEqual([]);
  expect(told).toEqual([]);
});
