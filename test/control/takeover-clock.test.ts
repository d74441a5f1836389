/** When the loop is woken for what time alone decides. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTakeoverClock } from '../../src/control/takeover-clock.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function start() {
  let woken = 0;
  const clock = createTakeoverClock(() => (woken += 1), Date.now);
  const wakenWithin = (milliseconds: number): boolean => {
    const before = woken;
    clock.set(Date.now(), 10_000);
    vi.advanceTimersByTime(milliseconds);
    return woken > before;
  };
  return { clock, wakenWithin, woken: () => woken };
}

test('what is due and cannot be decided is not tried again at once', () => {
  const { clock, wakenWithin } = start();
  expect(wakenWithin(1_000)).toBe(true);
  clock.slowDown();
  expect(wakenWithin(1_000)).toBe(false);
  expect(wakenWithin(60_000)).toBe(true);
});

test('one defect does not have every later takeover wait for a minute', () => {
  const { clock, wakenWithin } = start();
  clock.slowDown();
  expect(wakenWithin(60_000)).toBe(true);
  clock.keepUp();
  expect(wakenWithin(1_000)).toBe(true);
});

test('a takeover that seems to be days away, as the clock was set back, is waited for as long as a claim is held', () => {
  const { clock, woken } = start();
  const at = Date.now() + 86_400_000;
  clock.set(at, 10_000);
  vi.advanceTimersByTime(6_000);
  clock.set(at, 10_000);
  vi.advanceTimersByTime(3_000);
  expect([woken(), clock.reached()]).toEqual([0, 0]);
  vi.advanceTimersByTime(2_000);
  expect([woken(), clock.reached()]).toEqual([1, at]);
});
