/** Snapshots: loaded only where the chain vouches for them. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Position } from '../../src/events/ids.ts';
import type { Log, Snapshot } from '../../src/log/port.ts';
import { makeEvent, makeNotes } from './fixtures.ts';
import { appendTo, forge, makeFolder, open, readWith, withFile } from './support.ts';

const version = 3;

/** Of the log's head; vouched for, unless told otherwise. */
async function keep(log: Log, text: string, vouch = true, foldVersion = version): Promise<Snapshot> {
  const bytes = Buffer.from(text);
  const digest = createHash('sha256').update(bytes).digest('hex');
  const { position, hash } = log.head();
  const snapshot: Snapshot = { position, foldVersion, chainHash: hash, digest, bytes };
  await log.keepSnapshot(snapshot);
  if (vouch) await appendTo(log, [makeEvent('SnapshotTaken', { at: position, foldVersion, digest })]);
  return snapshot;
}

const find = (folder: string, foldVersion = version): Snapshot | null =>
  readWith(folder, (reader) => reader.snapshot(foldVersion));

async function makeLog() {
  const folder = makeFolder();
  const log = await open(folder);
  await appendTo(log, makeNotes(3));
  return { folder, log };
}

test('the newest one that is vouched for is found, byte for byte', async () => {
  const { folder, log } = await makeLog();
  await keep(log, 'older');
  await appendTo(log, makeNotes(2));
  const newer = await keep(log, 'newer');
  await appendTo(log, makeNotes(2));
  const found = find(folder)!;
  expect({ ...found, bytes: Buffer.from(found.bytes).toString() }).toEqual({ ...newer, bytes: 'newer' });
});

test('of those that are not beyond a position the newest is found', async () => {
  const { folder, log } = await makeLog();
  const positions: number[] = [];
  for (const text of ['1', '2', '3']) {
    positions.push((await keep(log, text)).position);
    await appendTo(log, makeNotes(2));
  }
  const [first, second] = positions as [number, number];
  const found = (atMost: number) =>
    readWith(folder, (reader) => reader.snapshot(version, atMost as Position))?.position;
  expect(found(first - 1)).toBeUndefined();
  expect(found(first)).toBe(first);
  expect(found(second - 1)).toBe(first);
  expect(found(second)).toBe(second);
});

test('without any, and of another version of the fold, there is none', async () => {
  const { folder, log } = await makeLog();
  expect(find(folder)).toBeNull();
  await keep(log, 'state');
  expect(find(folder, version + 1)).toBeNull();
});

test('one whose bytes, digest or version were forged is not loaded, but the one before it', async () => {
  const forgeries = [
    `UPDATE snapshots SET bytes = 'forged' WHERE position = 6`,
    `UPDATE snapshots SET bytes = 'forged', digest = '${createHash('sha256').update('forged').digest('hex')}' WHERE position = 6`,
    `UPDATE snapshots SET chain_hash = '${'0'.repeat(64)}' WHERE position = 6`,
    `UPDATE snapshots SET position = 7 WHERE position = 6`,
  ];
  for (const forgery of forgeries) {
    const { folder, log } = await makeLog();
    const honest = await keep(log, 'honest');
    await appendTo(log, makeNotes(2));
    expect((await keep(log, 'later')).position).toBe(6);
    await log.close();
    forge(folder, forgery);
    expect(find(folder)?.digest, forgery).toBe(honest.digest);
  }
});

test('one that was kept but not vouched for, as after a crash in between, is not loaded', async () => {
  const { folder, log } = await makeLog();
  await keep(log, 'unvouched', false);
  await appendTo(log, makeNotes(2));
  expect(find(folder)).toBeNull();
});

test('the newest three are kept', async () => {
  const { folder, log } = await makeLog();
  for (const text of ['1', '2', '3', '4', '5']) await keep(log, text);
  await log.close();
  const kept = withFile(folder, (db) =>
    db.prepare('SELECT CAST(bytes AS TEXT) FROM snapshots ORDER BY position').pluck().all(),
  );
  expect(kept).toEqual(['3', '4', '5']);
});
