/** Snapshots of a real log's state: when one is taken, and that a start begins with it. */
import { expect, test } from 'vitest';
import { createLoop, type Loop } from '../../src/control/loop.ts';
import { journal } from '../../src/control/notes.ts';
import { recover } from '../../src/control/recover.ts';
import { createSnapshots, type Snapshots } from '../../src/control/snapshots.ts';
import type { EventId } from '../../src/events/ids.ts';
import { freeze } from '../../src/routing/freeze.ts';
import { createState } from '../../src/routing/state.ts';
import { makeFolder, open, readAll } from '../log/support.ts';
import { defaultPolicy, engineA, running } from '../routing/scenario.ts';

async function start() {
  const dataDir = makeFolder();
  const log = await open(dataDir);
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const nothing = (): void => undefined;
  const loop: Loop = createLoop({
    log,
    state: createState(),
    feed: { tell: nothing, withdraw: nothing },
    catchUp: nothing,
    now: Date.now,
    onCommit: (_, head) => snapshots.committed(head),
    onUnwritable: nothing,
    onError,
  });
  const snapshots: Snapshots = createSnapshots({ log, loop: () => loop, now: Date.now, onError }, 0);
  loop.submit({ kind: 'policy', policy: defaultPolicy, id: 'policy' as EventId });
  loop.submit({ kind: 'observed', engine: engineA, observation: running('web'), between: null });
  const notes = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done += 1)
      loop.submit(journal('PortolanStopped', { reason: 'a test' }, null, Date.now()));
    await loop.settled();
  };
  const taken = () => readAll(dataDir).filter(({ type }) => type === 'SnapshotTaken');
  return { dataDir, log, loop, snapshots, errors, notes, taken };
}

const begin = (dataDir: string) => recover(dataDir, () => undefined);

test('one is taken when enough has been appended since the last, and a start begins with it', async () => {
  const { dataDir, loop, errors, notes, taken } = await start();
  await notes(4_900);
  expect(taken()).toEqual([]);
  await notes(200);
  // It is appended as any other: after the commit that it followed.
  await expect.poll(taken, { timeout: 20_000 }).toHaveLength(1);
  await notes(300);
  expect(taken()).toHaveLength(1);
  const [{ data }] = taken() as unknown as [{ data: { at: number } }];
  expect(data.at).toBeGreaterThanOrEqual(5_000);
  const { snapshot, state, unreadable } = await begin(dataDir);
  expect([snapshot, unreadable]).toEqual([data.at, []]);
  expect(Buffer.from(freeze(state)).toString()).toBe(Buffer.from(freeze(loop.state())).toString());
  expect(errors).toEqual([]);
});

test('the end of a run takes one if that is worth it', async () => {
  const { dataDir, loop, snapshots, notes, taken } = await start();
  await notes(10);
  await snapshots.take(100);
  expect(taken()).toEqual([]);
  expect((await begin(dataDir)).snapshot).toBe(0);
  const { position } = loop.state();
  await snapshots.take(10);
  expect(taken()).toHaveLength(1);
  expect((await begin(dataDir)).snapshot).toBe(position);
});

test('with the log unwritable none is taken, which fails no end of a run', async () => {
  const { log, loop, snapshots, errors, notes } = await start();
  await notes(10);
  await log.close();
  await snapshots.take(1);
  expect(errors).toEqual([expect.objectContaining({ name: 'LogUnwritable' })]);
  await expect(loop.record(journal('PortolanStopped', { reason: '' }, null, 0))).rejects.toThrow();
  await snapshots.take(1);
  expect(errors).toHaveLength(1);
});
