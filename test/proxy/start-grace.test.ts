/** A request for a container that does not accept yet: tried often at first, seldom later, and not for ever. */
import { expect, test } from 'vitest';
import type { Target } from '../../src/events/decisions.ts';
import { Patience } from '../../src/proxy/start-grace.ts';

test('a program that listens soon after its start is found soon, one that takes long is not asked all the time', () => {
  let now = Date.parse('2026-01-01T00:00:00Z');
  const target = { startedAt: new Date(now).toISOString() } as Target;
  const patience = new Patience(10_000, () => now);
  const pauses: number[] = [];
  while (patience.isWorthWaiting([target])) {
    pauses.push(patience.pause);
    now += patience.pause;
  }
  expect(pauses[0]).toBe(2);
  expect(pauses).toEqual(pauses.toSorted((one, other) => one - other));
  expect(pauses.at(-1)).toBe(50);
  expect(pauses.length).toBeLessThan(10_000 / 50 + 10);
});
