/** The deciding state at a position, and how much of the log is folded to get it. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { openLog } from '../../src/log/log.ts';
import type { LogReader } from '../../src/log/port.ts';
import { createLogReader } from '../../src/log/read.ts';
import { stateAt } from '../../src/projections/state-at.ts';
import { freeze } from '../../src/routing/freeze.ts';
import { foldVersion } from '../../src/routing/policy.ts';
import { makeEvent } from '../log/fixtures.ts';
import { createStory } from '../support/events.ts';
import { append, at, scratch, silent } from '../support/projecting.ts';

/** What is written between two snapshots. */
const rounds = 3;

test('a checkpoint behind the newest snapshot is reached from the one before, not from the beginning of the log', async () => {
  using folder = scratch();
  const { dataDir } = folder;
  const story = createStory();
  story.policy();
  const web = story.container('web');
  const log = await openLog({ dataDir, logger: silent });
  let written = 0;
  const positions: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    web.started();
    web.stopped();
    await append(log, story.batches.slice(written));
    written = story.batches.length;
    const { position, hash: chainHash } = log.head();
    const bytes = reading(dataDir, (reader) => freeze(stateAt(reader, at(position))));
    const digest = createHash('sha256').update(bytes).digest('hex');
    await log.keepSnapshot({ position, foldVersion, chainHash, digest, bytes });
    const vouching = makeEvent('SnapshotTaken', { at: position, foldVersion, digest });
    await append(log, [{ events: [vouching], now: story.now() }]);
    positions.push(position);
  }
  await log.close();
  const [, second, newest] = positions as [number, number, number];
  const checkpoint = at(newest - 2);
  reading(dataDir, (reader) => {
    const whole = stateAt({ ...reader, snapshot: () => null }, checkpoint);
    const from: number[] = [];
    const watched: LogReader = {
      ...reader,
      read(after, ...rest) {
        from.push(after);
        return reader.read(after, ...rest);
      },
    };
    expect(freeze(stateAt(watched, checkpoint))).toEqual(freeze(whole));
    expect(from).toEqual([second]);
  });
});

function reading<T>(dataDir: string, run: (reader: LogReader) => T): T {
  const reader = createLogReader(dataDir);
  try {
    return run(reader);
  } finally {
    reader.close();
  }
}
