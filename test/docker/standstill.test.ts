/** The process stands still while events pass: what piled up is taken, and a hole behind it does not go unnoticed. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Follower, startFollower } from './follower.ts';
import { idOfRaw, nowNano, type RawEngine, rawEvent, startRawEngine } from './raw-engine.ts';

let engine: RawEngine;
let follower: Follower;
const id = idOfRaw('web');

beforeEach(async () => {
  engine = await startRawEngine();
  follower = startFollower(engine.host);
  await follower.caughtUp(1);
});
afterEach(async () => {
  follower.end();
  await engine.down();
});

/** Sent on the stream, and remembered. */
function pass(count: number): void {
  for (let n = 0; n < count; n++)
    engine.emit(rawEvent('web', n % 2 ? 'unpause' : 'pause', nowNano() + BigInt(n)));
}
/** Left out of the stream, as the engine does with a subscriber that is too far behind; remembered. */
function skip(count: number): void {
  for (let n = 0; n < count; n++)
    engine.memory.push(rawEvent('web', 'update', nowNano() + 1_000_000n + BigInt(n)));
  engine.memory.splice(0, engine.memory.length - 256);
}

it('what was skipped and is still remembered is taken from memory', async () => {
  await follower.standStill(async () => {
    pass(300);
    skip(100);
  });
  await follower.caughtUp(2);
  expect(follower.signals(id)).toHaveLength(400);
  expect(follower.gaps()).toEqual([]);
});

it('what was skipped and is forgotten is a gap behind the last event that piled up, even if new ones follow at once', async () => {
  await follower.standStill(async () => {
    pass(300);
    skip(300);
  });
  pass(20);
  await follower.caughtUp(2);
  const signals = follower.signals(id);
  expect(signals.length).toBeGreaterThanOrEqual(300 + 256);
  expect(follower.gaps()).toEqual([
    { from: signals[299]?.timeNano, to: signals[300]?.timeNano, reason: 'memory-too-short' },
  ]);
  expect(new Set(signals.map(({ timeNano, type }) => `${timeNano} ${type}`)).size).toBe(signals.length);
});
