/** From what people name to a position, where the clock went astray. */
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../src/db/open.ts';
import { logPath } from '../../src/log/path.ts';
import { createMoments } from '../../src/queries/moment.ts';
import { makeNote } from '../log/fixtures.ts';
import { appendTo, makeFolder, open } from '../log/support.ts';

const noon = Date.UTC(2026, 0, 31, 12);
const minute = 60_000;
const day = 86_400_000;

test('while the clock is set back, an instant that may be before or after that is not answered with the one before', async () => {
  const dataDir = makeFolder();
  const log = await open(dataDir);
  // An hour ago, then with a clock that was a day ahead, then with the right one again.
  for (const now of [noon - 60 * minute, noon + day, noon - minute, noon])
    await appendTo(log, [makeNote(`at ${now}`)], now);
  expect(log.head()).toMatchObject({ position: 4, recordedAt: noon + day });
  const db = openDatabase(logPath(dataDir), { readonly: true, synchronous: 'FULL' });
  onTestFinished(() => void db.close());
  let now = noon;
  const momentOf = createMoments(db, log.head, () => now);
  const positionAt = (instant: number) => momentOf({ kind: 'instant', instant }).position;
  expect(positionAt(noon - 61 * minute)).toBe(0);
  for (const instant of [noon - 60 * minute, noon - 10 * minute, noon])
    expect(() => positionAt(instant)).toThrow(
      /cannot be told: the clock was set back, .* at 2026-02-01T12:00:00.000Z; position:N is allowed, up to 1 before that and to 4 since/,
    );
  expect(positionAt(noon + day)).toBe(4);
  expect(() => positionAt(noon + day + 1)).toThrow('lies in the future');
  expect(momentOf({ kind: 'position', position: 3 }).position).toBe(3);
  // Once the clock has got there, an instant that it went through twice means the first time.
  now = noon + day + minute;
  expect(positionAt(noon)).toBe(1);
  expect(positionAt(now)).toBe(4);
});
