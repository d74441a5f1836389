/** What answers lack where projections do not follow the log. */
import { expect, test } from 'vitest';
import { createLive } from '../../src/control/live.ts';
import { allProjections } from '../../src/projections/registry.ts';
import { ofMoments, staleText } from '../../src/queries/stale.ts';
import { createState } from '../../src/routing/state.ts';

const head = 50_000;
const problem = 'stopped at position 31 (ContainerDied): unexpected';

/** @param positions of those that are not at the head; one that stopped has its reason */
function liveWith(positions: Readonly<Record<string, { position: number; problem: string }>>) {
  const progress = allProjections.map(({ name }) => ({
    name,
    position: head,
    problem: '',
    ...positions[name],
  }));
  const projections = {
    progress: () => progress,
    reached: () => Promise.resolve(true),
    replace: () => undefined,
    notify: () => undefined,
  };
  const state = createState();
  return createLive({ state: () => state }, { current: () => 'confirmed' }, projections, {
    head: () => head,
    problem: () => '',
  });
}

test('moments are told all the same where only the audit has stopped', () => {
  const live = liveWith({ audit: { position: 30, problem } });
  expect(live.stale()).toEqual({ position: 30, reason: problem });
  expect(live.stale(ofMoments)).toBeNull();
});

test.each([...ofMoments])('moments after it are not told where %s has stopped', (name) => {
  expect(allProjections.map((projection) => projection.name)).toContain(name);
  expect(liveWith({ [name]: { position: 30, problem } }).stale(ofMoments)).toMatchObject({ position: 30 });
});

test('one that only lags is waited for, and one that is being made is not', () => {
  expect(liveWith({ routes: { position: head - 10_000, problem: '' } }).stale()).toBeNull();
  expect(liveWith({ routes: { position: head - 10_001, problem: '' } }).stale()).toMatchObject({
    position: head - 10_001,
  });
});

test('what is lacking fits into a header, whatever the system says of it', () => {
  expect(staleText({ position: 30, reason: 'kein Platz: «voll»\r\nX: y' })).toBe(
    'answers know the log up to position 30 only: kein Platz: ?voll???X: y',
  );
});
