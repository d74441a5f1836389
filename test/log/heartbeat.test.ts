/** The heartbeat bounds down time: written whole each time, read with care. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { EngineId } from '../../src/events/ids.ts';
import { heartbeatOf, readHeartbeat, startHeartbeat } from '../../src/log/heartbeat.ts';
import { makeFolder } from './support.ts';

const lastSeen = { engine: 'E' as EngineId, timeNano: 1_767_600_000_123_456_789n, arrived: false };

test('what was last alive and seen is read back, with all nanoseconds', () => {
  const folder = makeFolder();
  const pulse = startHeartbeat(folder, () => ({ lastSeen, bootId: 'boot' }));
  pulse.stop();
  const heartbeat = readHeartbeat(folder);
  expect(heartbeat).toMatchObject({ lastSeen, bootId: 'boot' });
  expect(Date.parse(heartbeat!.alive)).toBeGreaterThan(Date.now() - 10_000);
  expect(readdirSync(folder)).toEqual(['heartbeat']);
});

test('it beats until it is stopped, and once more then', async () => {
  const folder = makeFolder();
  let beats = 0;
  const pulse = startHeartbeat(
    folder,
    () => {
      beats += 1;
      return { lastSeen: null, bootId: `${beats}` };
    },
    5,
  );
  for (const end = Date.now() + 5_000; beats < 4 && Date.now() < end; ) await sleep(5);
  pulse.stop();
  const last = beats;
  expect(last).toBeGreaterThan(4);
  expect(readHeartbeat(folder)).toMatchObject({ lastSeen: null, bootId: `${last}` });
  await sleep(30);
  expect(beats).toBe(last);
});

test('there is none at first, and one that is torn or foreign is none', () => {
  const folder = makeFolder();
  expect(readHeartbeat(folder)).toBeNull();
  for (const text of ['', '{"alive":', '[]', '{"alive":1}', '{"alive":"x","lastSeen":{"engine":"E"}}']) {
    writeFileSync(join(folder, 'heartbeat'), text);
    expect(readHeartbeat(folder), text).toBeNull();
  }
});

test('a beat that cannot be written ends nothing', () => {
  const folder = join(makeFolder(), 'missing');
  const pulse = startHeartbeat(folder, () => ({ lastSeen, bootId: null }));
  pulse.stop();
  expect(readHeartbeat(folder)).toBeNull();
});

test('a heartbeat of a longer log tells nothing of when an older one was alive, and what that had seen', () => {
  const folder = makeFolder();
  startHeartbeat(folder, () => ({ lastSeen, bootId: 'boot', position: 7 })).stop();
  const heartbeat = readHeartbeat(folder);
  expect(heartbeatOf(heartbeat, 7)).toBe(heartbeat);
  expect(heartbeatOf(heartbeat, 6)).toEqual({ alive: null, lastSeen: null, bootId: 'boot', position: 7 });
  const { position: _, ...before } = heartbeat!;
  expect(heartbeatOf(before, 0)).toBe(before);
  expect(heartbeatOf(null, 3)).toBeNull();
});
