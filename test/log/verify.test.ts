/** Verification: names the first position that was edited, removed, inserted or reordered, or is not the head expected. */
import { expect, test } from 'vitest';
import { engineA, running } from '../routing/scenario.ts';
import { makeEvent, makeNotes } from './fixtures.ts';
import { appendTo, forge, makeFolder, open, verify } from './support.ts';

async function makeLog(): Promise<string> {
  const folder = makeFolder();
  const log = await open(folder);
  await appendTo(log, makeNotes(8));
  await appendTo(log, [makeEvent('ContainerObserved', running('web'), { engineId: engineA })]);
  await appendTo(log, makeNotes(3));
  await log.close();
  return folder;
}

const edits: readonly (readonly [what: string, sql: string, position: number, reason: string | RegExp])[] = [
  [
    'an edited payload',
    `UPDATE events SET data = '{"reason":"x"}' WHERE position = 4`,
    4,
    'its payload was changed',
  ],
  [
    'an edited payload with a digest to match',
    `UPDATE events SET data_digest = zeroblob(32), data = NULL WHERE position = 4`,
    4,
    /follow/,
  ],
  ['an edited time', 'UPDATE events SET occurred_at = occurred_at + 1 WHERE position = 5', 5, /follow/],
  ['an edited recording time', 'UPDATE events SET recorded_at = 1 WHERE position = 5', 5, /follow/],
  ['an edited actor', `UPDATE events SET actor_name = 'Eve' WHERE position = 6`, 6, /follow/],
  ['an edited type', `UPDATE events SET type = 'EngineLost' WHERE position = 6`, 6, /follow/],
  ['an edited hash', 'UPDATE events SET hash = zeroblob(32) WHERE position = 7', 7, /follow/],
  ['an edited id', 'UPDATE events SET id = zeroblob(16) WHERE position = 2', 2, /follow/],
  ['an invented cause', 'UPDATE events SET causation = zeroblob(16) WHERE position = 2', 2, /follow/],
  ['an edited inference', 'UPDATE events SET inferred = 1 WHERE position = 2', 2, /follow/],
  ['an edited name of a stream', `UPDATE streams SET name = 'route:1'`, 1, /follow/],
  ['an edited name of an engine', `UPDATE engines SET name = 'E'`, 9, /follow/],
  ['a stream that is gone', 'DELETE FROM streams', 1, /stream/],
  ['a removed row', 'DELETE FROM events WHERE position = 5', 5, 'the event is missing; the next one is 6'],
  [
    'a removed first row',
    'DELETE FROM events WHERE position = 1',
    1,
    'the event is missing; the next one is 2',
  ],
  [
    'a removed row with the rest moved up',
    'DELETE FROM events WHERE position = 5; UPDATE events SET position = position - 1 WHERE position > 5',
    5,
    /follow/,
  ],
  [
    'an inserted row',
    `UPDATE events SET position = 100 + position WHERE position > 5;
     INSERT INTO events SELECT 6, zeroblob(16), type, stream, engine, occurred_at, recorded_at, actor_kind, actor_name,
       correlation, causation, inferred, schema_version, data, salt, data_digest, hash FROM events WHERE position = 5;
     UPDATE events SET position = position - 99 WHERE position > 100`,
    6,
    /follow/,
  ],
  [
    'reordered rows',
    `UPDATE events SET position = 99 WHERE position = 3; UPDATE events SET position = 3 WHERE position = 4;
     UPDATE events SET position = 4 WHERE position = 99`,
    3,
    /follow/,
  ],
  [
    'an edited container spec',
    `UPDATE specs SET bytes = replace(bytes, 'nginx', 'other')`,
    9,
    'the container spec it refers to was changed or is missing',
  ],
  ['a container spec that is gone', 'DELETE FROM specs', 9, /spec/],
];

test.for(edits)('%s is found at its position', async ([, sql, position, reason]) => {
  const folder = await makeLog();
  expect(verify(folder)).toEqual({ valid: true, checkedTo: 12, firstBad: null });
  forge(folder, sql);
  expect(verify(folder)).toEqual({
    valid: false,
    checkedTo: position - 1,
    firstBad: { position, reason: typeof reason === 'string' ? reason : expect.stringMatching(reason) },
  });
});

test('a cut log and a rewritten one are found against a head that was noted elsewhere', async () => {
  const folder = await makeLog();
  const log = await open(folder);
  const noted = log.head();
  await log.close();
  expect(verify(folder, noted)).toMatchObject({ valid: true });
  forge(folder, 'DELETE FROM events WHERE position > 10');
  expect(verify(folder)).toMatchObject({ valid: true, checkedTo: 10 });
  expect(verify(folder, noted)).toEqual({
    valid: false,
    checkedTo: 10,
    firstBad: { position: 11, reason: 'the log ends at 10, before the head that is expected' },
  });
  const rewritten = await makeLog();
  expect(verify(rewritten)).toMatchObject({ valid: true });
  expect(verify(rewritten, noted)).toMatchObject({
    valid: false,
    firstBad: { position: 12, reason: 'its hash is not the one that is expected' },
  });
});

test('a redacted payload does not break the chain', async () => {
  const folder = await makeLog();
  forge(folder, 'UPDATE events SET data = NULL WHERE position = 3');
  expect(verify(folder)).toMatchObject({ valid: true, checkedTo: 12 });
});

test('an empty log is valid', async () => {
  const folder = makeFolder();
  await (await open(folder)).close();
  expect(verify(folder)).toEqual({ valid: true, checkedTo: 0, firstBad: null });
});
