/** What is opened must be the log that was here: never a silent reset, never half a log taken for a whole one. */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLog } from '../../src/log/log.ts';
import { logPath } from '../../src/log/path.ts';
import { makeNote, makeNotes, quiet } from './fixtures.ts';
import {
  appendTo,
  copyOf,
  fingerprint,
  forge,
  makeFolder,
  open,
  readAll,
  readWith,
  start,
  verify,
  withFile,
} from './support.ts';

async function makeLog(events = 50): Promise<string> {
  const folder = makeFolder();
  const log = await open(folder);
  await appendTo(log, makeNotes(events));
  await log.close();
  return folder;
}

/** Refused with this code, and nothing is changed. */
async function expectRefused(folder: string, code: string, says: RegExp | string): Promise<void> {
  const before = fingerprint(folder);
  await expect(openLog({ dataDir: folder, logger: quiet })).rejects.toMatchObject({
    name: 'LogUnusable',
    code,
    message: expect.stringMatching(says),
    hint: expect.stringMatching(/^\S.*\S$/),
  });
  const made = ['lock.db', 'portolan.pid'];
  const others = (files: unknown) => (files as [string, string][]).filter(([file]) => !made.includes(file));
  expect(others(fingerprint(folder))).toEqual(others(before));
}

test('a file of 0 bytes does not pass for an empty history', async () => {
  const folder = await makeLog();
  truncateSync(logPath(folder), 0);
  await expectRefused(folder, 'empty-file', /is empty, but there was a log of 50 events/);
});

test('neither does a file that is gone', async () => {
  const folder = await makeLog();
  rmSync(logPath(folder));
  await expectRefused(folder, 'empty-file', /is missing, but there was a log of 50 events/);
});

test('without a noted head, other traces of a run tell that there was a log', async () => {
  for (const trace of ['heartbeat', 'projections.db', 'portolan.db-wal']) {
    const folder = makeFolder();
    writeFileSync(logPath(folder), '');
    writeFileSync(join(folder, trace), 'something');
    await expectRefused(folder, 'empty-file', `is empty, but there was a log, of which are left: ${trace}`);
  }
});

test('a fresh folder begins a history, also where the first start was cut off right after the file was made', async () => {
  const folder = makeFolder();
  writeFileSync(logPath(folder), '');
  const log = await open(folder);
  expect(log.head()).toEqual({ position: 0, hash: '0'.repeat(64), recordedAt: 0 });
});

test('a truncated file is refused', async () => {
  for (const left of [100, 4_096, 8_192, 20_000]) {
    const folder = await makeLog(200);
    expect(statSync(logPath(folder)).size).toBeGreaterThan(left);
    truncateSync(logPath(folder), left);
    await expectRefused(folder, 'damaged', /./);
  }
});

test('a copy without its WAL lacks what was noted, and is refused', async () => {
  const folder = makeFolder();
  const log = await open(folder);
  await appendTo(log, makeNotes(5));
  await log.close();
  const again = await open(folder);
  await appendTo(again, makeNotes(20));
  const copy = copyOf(folder, ['portolan.db']);
  await again.close();
  writeFileSync(join(copy, 'portolan.head'), execFileSync('cat', [join(folder, 'portolan.head')]));
  await expectRefused(copy, 'truncated', /ends at position 5, but 25 was noted: its end is lost/);
  rmSync(join(copy, 'portolan.head'));
  const left = await open(copy);
  expect(left.head().position).toBe(5);
});

test('an older copy with other events since is not the log that was here', async () => {
  const folder = await makeLog(10);
  const other = await makeLog(10);
  const mixed = copyOf(folder, ['portolan.db']);
  writeFileSync(join(mixed, 'portolan.head'), execFileSync('cat', [join(other, 'portolan.head')]));
  await expectRefused(mixed, 'truncated', /another event stands at position 10/);
});

test('the noted head lags at most: a log that went on since opens', async () => {
  const folder = await makeLog(10);
  const noted = execFileSync('cat', [join(folder, 'portolan.head')]);
  const log = await open(folder);
  await appendTo(log, makeNotes(10));
  await log.close();
  writeFileSync(join(folder, 'portolan.head'), noted);
  expect((await open(folder)).head().position).toBe(20);
});

test('a noted head that cannot be read stops no start', async () => {
  const folder = await makeLog(10);
  writeFileSync(join(folder, 'portolan.head'), '{"position":');
  expect((await open(folder)).head().position).toBe(10);
});

test('a database of another program, and what is no database, are refused and left alone', async () => {
  const folder = makeFolder();
  withFile(folder, (db) => {
    db.pragma('journal_mode = DELETE');
    db.exec('CREATE TABLE bookmarks (url TEXT)');
  });
  await expectRefused(folder, 'foreign', /is a database of another program/);
  const text = makeFolder();
  writeFileSync(logPath(text), 'Dear diary, '.repeat(1_000));
  await expectRefused(text, 'foreign', /is no SQLite file/);
});

test('a log that a newer version has migrated is refused', async () => {
  const folder = await makeLog();
  withFile(folder, (db) =>
    db.exec("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 99999999999999)"),
  );
  await expectRefused(folder, 'newer', /was written by a newer version of Portolan/);
});

test('a log from before its index of streams was dropped loses that alone', async () => {
  const folder = await makeLog();
  const [events, indexes] = [
    'SELECT count(*) FROM events',
    "SELECT name FROM sqlite_master WHERE type = 'index'",
  ];
  withFile(folder, (db) => {
    db.exec('CREATE INDEX events_stream ON events (stream)');
    db.exec(
      'DELETE FROM __drizzle_migrations WHERE created_at = (SELECT max(created_at) FROM __drizzle_migrations)',
    );
  });
  const log = await open(folder);
  expect(log.head().position).toBe(50);
  await appendTo(log, makeNotes(1));
  await log.close();
  withFile(folder, (db) => {
    expect(db.prepare(indexes).pluck().all()).not.toContain('events_stream');
    expect(db.prepare(events).pluck().get()).toBe(51);
  });
  expect(verify(folder)).toMatchObject({ valid: true });
});

test('an event that was changed among the last ones is refused', async () => {
  const folder = await makeLog();
  forge(folder, `UPDATE events SET data = '{"reason":"better"}' WHERE position = 47`);
  await expectRefused(folder, 'damaged', /at position 47 \(its payload was changed\)/);
});

test('a damaged page at the end is refused at the start', async () => {
  const folder = await makeLog(2_000);
  damage(folder, (pages) => pages.at(-1)!);
  await expectRefused(folder, 'damaged', /damaged/);
});

test('a damaged page further back is found by readers and by verify, with the way out', async () => {
  const folder = await makeLog(2_000);
  damage(folder, (pages) => pages[40]!);
  const log = await open(folder);
  expect(log.head().position).toBe(2_000);
  const fold = () =>
    readWith(folder, (reader) =>
      reader.fold(
        { after: start },
        () => {},
        () => {},
      ),
    );
  expect(fold).toThrow(expect.objectContaining({ name: 'LogUnusable', code: 'damaged' }));
  expect(fold).toThrow(/the log is damaged/);
  const { valid, checkedTo, firstBad } = verify(folder);
  expect(valid).toBe(false);
  expect(checkedTo).toBeGreaterThan(100);
  expect(firstBad).toEqual({ position: checkedTo + 1, reason: 'it cannot be read: the file is damaged' });
});

test('a payload that no longer parses is set aside, and the rest is read', async () => {
  const folder = makeFolder();
  const log = await open(folder);
  await appendTo(log, makeNotes(300));
  await log.close();
  forge(
    folder,
    `UPDATE events SET data = 'not json' WHERE position = 10;
     UPDATE events SET data = '{"unknown":1}' WHERE position = 20;
     UPDATE events SET type = 'ContainerSang' WHERE position = 30;
     UPDATE events SET data = NULL WHERE position = 40;
     UPDATE events SET schema_version = 9 WHERE position = 50;
     UPDATE events SET stream = 77 WHERE position = 60`,
  );
  const problems: [number, string][] = [];
  let folded = 0;
  const last = readWith(folder, (reader) =>
    reader.fold(
      { after: start },
      () => {
        folded += 1;
      },
      (event) => problems.push([event.position, event.problem]),
    ),
  );
  expect(last).toBe(300);
  expect(folded).toBe(294);
  expect(problems).toEqual([
    [10, expect.stringContaining('JSON')],
    [20, expect.stringMatching(/^reason: [^\n{}]+$/)],
    [30, 'type ContainerSang is not known'],
    [40, 'the payload was redacted'],
    [50, expect.stringContaining('schema version 9')],
    [60, expect.stringContaining('stream')],
  ]);
  await expect(readFrom(folder, 10)).resolves.toBeNull();
});

async function readFrom(folder: string, position: number) {
  return readWith(folder, (reader) => reader.event(position as never));
}

test('the log is the same after a VACUUM INTO, which is how to back it up', async () => {
  const folder = await makeLog(30);
  const copy = makeFolder();
  withFile(folder, (db) => db.exec(`VACUUM INTO '${logPath(copy)}'`));
  expect(verify(copy)).toEqual(verify(folder));
  const log = await open(copy);
  await appendTo(log, [makeNote('on the copy')]);
  expect(readAll(copy)).toHaveLength(31);
});

/** Overwrites one page of the events' table. */
function damage(folder: string, choose: (pages: number[]) => number): void {
  const pages = withFile(folder, (db) => {
    db.pragma('wal_checkpoint(TRUNCATE)');
    const leaves = "SELECT pageno FROM dbstat WHERE name = 'events' AND pagetype = 'leaf' ORDER BY path";
    return db.prepare(leaves).pluck().all() as number[];
  });
  const file = openSync(logPath(folder), 'r+');
  writeSync(file, Buffer.alloc(4_096, 0x5a), 0, 4_096, (choose(pages) - 1) * 4_096);
  closeSync(file);
}
