/** A WAL that was cut anywhere opens to a clean prefix: whole commits, a whole chain, and never a shorter one later. */
import { readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLogFile } from '../../src/log/open-file.ts';
import { verifyChain } from '../../src/log/verify.ts';
import { makeNotes } from './fixtures.ts';
import { appendTo, copyOf, makeFolder, open } from './support.ts';

const walHeader = 32;
const frameHeader = 24;
const pageSize = 4_096;

test('the WAL cut at every frame boundary and in mid-frame opens to a clean prefix', async () => {
  const folder = makeFolder();
  const log = await open(folder);
  const ends = new Set([0]);
  for (let count = 1; count <= 8; count += 1) {
    await appendTo(log, makeNotes(count));
    ends.add(log.head().position);
  }
  const frames =
    (readFileSync(join(folder, 'portolan.db-wal')).length - walHeader) / (frameHeader + pageSize);
  expect(frames).toBeGreaterThan(20);
  expect(frames).toBe(Math.floor(frames));

  let longest = 0;
  for (let frame = 0; frame <= frames; frame += 1) {
    const boundary = walHeader + frame * (frameHeader + pageSize);
    for (const cut of [boundary - 1, boundary, boundary + 1, boundary + frameHeader, boundary + 2_000]) {
      const position = openCut(folder, cut);
      expect(ends, `cut at byte ${cut}`).toContain(position);
      expect(position, `cut at byte ${cut}`).toBeGreaterThanOrEqual(longest);
      longest = position;
    }
  }
  expect(longest).toBe(log.head().position);
});

/** @returns the last position of what is left */
function openCut(folder: string, length: number): number {
  const copy = copyOf(folder, ['portolan.db', 'portolan.db-wal']);
  const wal = join(copy, 'portolan.db-wal');
  if (length < readFileSync(wal).length) truncateSync(wal, length);
  const db = openLogFile(copy);
  try {
    const verification = verifyChain(db);
    expect(verification, `cut at byte ${length}`).toMatchObject({ valid: true });
    return verification.checkedTo;
  } finally {
    db.close();
  }
}
