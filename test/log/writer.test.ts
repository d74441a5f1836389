/** The writer thread: a crash of it is an unwritable log for a moment, and no more. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/db/open.ts';
import { headPath } from '../../src/log/head-file.ts';
import { logPath } from '../../src/log/path.ts';
import { makeNote, makeNotes } from './fixtures.ts';
import { appendTo, makeFolder, open, readAll, verify, withFile } from './support.ts';

/** The log, and the threads that write it, in the order in which they were started. */
async function openWatched(folder: string) {
  const threads: Worker[] = [];
  process.on('worker', (worker) => threads.push(worker));
  return { log: await open(folder), threads };
}

test('when the thread dies, waiting appends fail, and the next one starts it again', async () => {
  const folder = makeFolder();
  const { log, threads } = await openWatched(folder);
  await appendTo(log, makeNotes(3));
  const exit = once(threads[0]!, 'exit');
  // Who holds the file keeps it from answering before its end.
  const holder = openDatabase(logPath(folder), { synchronous: 'FULL' });
  holder.exec('BEGIN IMMEDIATE');
  const waiting = Array.from({ length: 50 }, () => log.append(makeNotes(1), log.head().position, 1));
  void threads[0]!.terminate();
  const outcomes = await Promise.allSettled(waiting);
  await exit;
  holder.close();
  const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
  expect(failed.length).toBe(50);
  for (const { reason } of failed) expect(reason).toMatchObject({ name: 'LogUnwritable', code: 'io' });

  // What was not answered may be in the log: the caller learns of it as of any other conflict.
  const again = await log.append(makeNotes(1), 3 as never, 1);
  const head = log.head();
  expect(again.kind).toBe(head.position === 4 && again.kind === 'appended' ? 'appended' : 'conflict');
  await appendTo(log, [makeNote('after the crash')]);
  expect(threads.length).toBe(2);
  expect(readAll(folder)).toHaveLength(log.head().position);
  expect(verify(folder)).toMatchObject({ valid: true });
});

test('a thread that cannot start again is an unwritable log with the reason', async () => {
  const folder = makeFolder();
  const { log, threads } = await openWatched(folder);
  await appendTo(log, makeNotes(3));
  const exit = once(threads[0]!, 'exit');
  void threads[0]!.terminate();
  await exit;
  withFile(folder, (db) => db.exec("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 9e15)"));
  await expect(appendTo(log, makeNotes(1))).rejects.toMatchObject({
    name: 'LogUnwritable',
    message: expect.stringContaining('newer version'),
  });
  await expect(appendTo(log, makeNotes(1))).rejects.toMatchObject({ name: 'LogUnwritable' });
});

test('the head is noted at once for the first commit, then each second, and at the close', async () => {
  const folder = makeFolder();
  const noted = () => JSON.parse(readFileSync(headPath(folder), 'utf8'));
  const log = await open(folder);
  const { events } = await appendTo(log, makeNotes(1));
  await until(() => noted().position === 1);
  expect(noted()).toEqual({ position: 1, hash: events[0]!.hash });
  await appendTo(log, makeNotes(4));
  await until(() => noted().position === 5);
  await appendTo(log, makeNotes(1));
  await log.close();
  expect(noted()).toEqual({ position: 6, hash: log.head().hash });
});

async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(20)) {
    try {
      if (holds()) return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new Error('it did not come to hold within 10 s');
}

test.each([
  ['posted to the thread', Symbol('no text')],
  ['stored', []],
])(
  'an event that cannot be %s is a defect of ours and fails alone: the log can be written as before',
  async (_, name) => {
    const folder = makeFolder();
    const log = await open(folder);
    const odd = makeNote('odd', { actor: { kind: 'api', name: name as never } });
    const outcomes = await Promise.allSettled([appendTo(log, [odd]), appendTo(log, makeNotes(1))]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect((outcomes[0] as PromiseRejectedResult).reason).not.toMatchObject({ name: 'LogUnwritable' });
    expect(readAll(folder)).toHaveLength(1);
    expect(verify(folder)).toMatchObject({ valid: true });
  },
);

test('who follows the log and fails takes nothing from those beside him, nor from the append', async () => {
  const log = await open(makeFolder());
  const told: number[] = [];
  log.subscribe(() => {
    throw new TypeError('a follower');
  });
  log.subscribe((events) => told.push(events.length));
  await appendTo(log, makeNotes(2));
  expect(told).toEqual([2]);
});
