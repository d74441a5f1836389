/**
 * A log that was written once and is kept: it must fold to the same state for ever, or under another `foldVersion`, as older
 * snapshots would else be loaded into a fold that makes something else of their events.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Position } from '../../src/events/ids.ts';
import { importLog } from '../../src/log/import.ts';
import { createLogReader } from '../../src/log/read.ts';
import { evolve } from '../../src/routing/evolve.ts';
import { freeze } from '../../src/routing/freeze.ts';
import { foldVersion } from '../../src/routing/policy.ts';
import { createState } from '../../src/routing/state.ts';
import { scratch } from '../support/projecting.ts';

/** Of the state after the last event. A change of either line below needs a change of the other. */
const golden = {
  foldVersion: 9,
  digest: 'd81c035621a76d65fd2b16603a75f2bf45aa2880b91c0f80ea58d9bf773e743b',
};
const file = join(import.meta.dirname, '../fixtures/golden-log.ndjson');

test('the golden log folds to what it always did, or foldVersion was raised', async () => {
  using folder = scratch();
  const { events } = await importLog({ dataDir: folder.dataDir, input: createReadStream(file) });
  const log = createLogReader(folder.dataDir);
  const state = createState();
  try {
    log.fold(
      { after: 0 as Position },
      (event) => void evolve(state, event),
      (unreadable) => {
        throw new Error(`the event at ${unreadable.position} cannot be read any more: ${unreadable.problem}`);
      },
    );
  } finally {
    log.close();
  }
  expect(state.position).toBe(events);
  const digest = createHash('sha256').update(freeze(state)).digest('hex');
  expect({ foldVersion, digest }).toEqual(golden);
});
