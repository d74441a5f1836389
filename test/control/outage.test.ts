/** An outage of a real log, of which somebody else holds the file. */
import { afterEach, expect, test, vi } from 'vitest';
import { createLoop, type Loop } from '../../src/control/loop.ts';
import { journal } from '../../src/control/notes.ts';
import { createOutage, type Outage } from '../../src/control/outage.ts';
import { openDatabase } from '../../src/db/open.ts';
import type { Event } from '../../src/events/event.ts';
import { logPath } from '../../src/log/path.ts';
import { LogUnwritable } from '../../src/log/port.ts';
import { createState } from '../../src/routing/state.ts';
import { makeFolder, open, readAll } from '../log/support.ts';

afterEach(() => void vi.useRealTimers());

async function start() {
  const dataDir = makeFolder();
  const log = await open(dataDir);
  const news: string[] = [];
  const errors: unknown[] = [];
  let tries = 0;
  let over = 0;
  const loop: Loop = createLoop({
    log,
    state: createState(),
    feed: { tell: () => undefined, withdraw: () => undefined },
    catchUp: () => undefined,
    now: Date.now,
    onCommit: () => undefined,
    onUnwritable: (error) => {
      tries += 1;
      if (outage.begin(error)) news.push(error.code);
    },
    onError: (error) => errors.push(error),
  });
  const outage: Outage = createOutage({
    loop: () => loop,
    now: Date.now,
    onOver: () => {
      over += 1;
    },
    onError: (error) => errors.push(error),
  });
  return { dataDir, loop, outage, news, errors, tries: () => tries, timesOver: () => over };
}

/** @returns what lets it go */
function hold(dataDir: string): () => void {
  const holder = openDatabase(logPath(dataDir), { synchronous: 'FULL' });
  holder.exec('BEGIN IMMEDIATE');
  return () => holder.close();
}

const note = () => journal('PortolanStopped', { reason: 'a test' }, null, Date.now());
const patience = { timeout: 20_000, interval: 20 };

test('it is told once, tried again until it is over, and then recorded with its reason, its time and what was lost', async () => {
  const { dataDir, loop, outage, news, errors, tries, timesOver } = await start();
  expect(outage.problem()).toBe('');
  const letGo = hold(dataDir);
  const before = Date.now();
  for (let count = 0; count < 2; count += 1)
    await expect(loop.record(note())).rejects.toMatchObject({ name: 'LogUnwritable' });
  const problem = outage.problem();
  expect(problem).toMatch(/lock on the log.*; end the program/);
  // The first is the note's own; then more than one in vain.
  await vi.waitFor(() => expect(tries()).toBe(3), patience);
  await loop.settled();
  letGo();
  await vi.waitFor(() => expect(timesOver()).toBe(1), patience);
  expect([outage.problem(), loop.writable(), loop.lost()]).toEqual(['', true, 0]);
  expect([news, errors]).toEqual([['locked'], []]);
  const events = readAll(dataDir) as Extract<Event, { type: 'RecordingGapDetected' }>[];
  expect(events.map(({ type, data }) => [type, data.lost, data.reason])).toEqual([
    ['RecordingGapDetected', 2, problem],
  ]);
  const [from, to] = [events[0]!.data.from, events[0]!.data.to].map((at) => Date.parse(at!));
  expect(before <= from! && from! < to! && to! <= Date.now()).toBe(true);
  outage.stop();
});

test('another reason is news, the same one is not', async () => {
  const { outage } = await start();
  const full = new LogUnwritable('the disk is full', 'full', 'free some space');
  const gone = new LogUnwritable('the disk is gone', 'io', 'put it in');
  expect([full, full, gone, gone].map((error) => outage.begin(error))).toEqual([true, false, true, false]);
  expect(outage.problem()).toBe('the disk is gone; put it in');
  outage.stop();
});

test('nothing is tried after a stop, which may come during a try', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { dataDir, loop, outage } = await start();
  const letGo = hold(dataDir);
  await expect(loop.record(note())).rejects.toMatchObject({ name: 'LogUnwritable' });
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(1_000);
  outage.stop();
  await loop.settled();
  await new Promise(setImmediate);
  expect(vi.getTimerCount()).toBe(0);
  letGo();
});
