/** A disk that is full or read-only: said in one line, nothing half written, and it goes on when there is space again. */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAppender } from '../../src/log/append.ts';
import { encodeEvent } from '../../src/log/encode.ts';
import { toUnwritable } from '../../src/log/faults.ts';
import { openLog } from '../../src/log/log.ts';
import { openLogFile } from '../../src/log/open-file.ts';
import { LogUnwritable } from '../../src/log/port.ts';
import { canMount, mountSmall } from '../support/small-disk.ts';
import { makeNote, makeNotes, quiet } from './fixtures.ts';
import { appendTo, makeFolder, open, readAll, verify } from './support.ts';

test('a file that cannot grow takes nothing of a batch, and all of the next one once it can', () => {
  const folder = makeFolder();
  const db = openLogFile(folder);
  onTestFinished(() => void db.close());
  const appender = createAppender(db);
  appender.append(makeNotes(5).map(encodeEvent), 0, 1);
  db.pragma(`max_page_count = ${db.pragma('page_count', { simple: true })}`);
  const much = Array.from({ length: 200 }, () => encodeEvent(makeNote('x'.repeat(500))));
  expect(() => appender.append(much, 5, 2)).toThrow(expect.objectContaining({ code: 'SQLITE_FULL' }));
  expect(appender.head().position).toBe(5);
  db.pragma('max_page_count = 100000');
  expect(appender.append(much, 5, 3)).toMatchObject({ kind: 'appended', head: { position: 205 } });
  db.close();
  expect(verify(folder)).toEqual({ valid: true, checkedTo: 205, firstBad: null });
});

const smallDisk = canMount();
if (!smallDisk) process.stderr.write('SKIPPED full and read-only disk: mounting needs root on Linux\n');

describe.skipIf(!smallDisk)('on a disk of 3 MB', () => {
  test('full is said with the way out, and with space again it goes on without a gap', async () => {
    const folder = mountSmall('3m');
    const log = await open(folder);
    await appendTo(log, makeNotes(10));
    writeFileSync(join(folder, 'ballast'), Buffer.alloc(1_000_000));
    const failure = await fill(log);
    expect(failure).toMatchObject({
      name: 'LogUnwritable',
      code: 'full',
      message: 'the disk of the data folder is full',
      hint: 'free some space; Portolan goes on by itself',
    });
    const before = log.head();
    await expect(appendTo(log, [big()])).rejects.toMatchObject({ code: 'full' });
    expect(log.head()).toEqual(before);
    rmSync(join(folder, 'ballast'));
    await appendTo(log, [big()]);
    // For the close, which copies the WAL into the file.
    execFileSync('mount', ['-o', 'remount,size=20m', folder]);
    await log.close();
    const events = readAll(folder);
    expect(events.length).toBe(before.position + 1);
    expect(verify(folder, before)).toMatchObject({ valid: true });
    expect((await open(folder)).head().position).toBe(events.length);
  });

  test('a full disk at the first start is an error of one line, and no half log', async () => {
    const folder = mountSmall('64k');
    writeFileSync(join(folder, 'ballast'), Buffer.alloc(40_000));
    await expect(openLog({ dataDir: folder, logger: quiet })).rejects.toMatchObject({
      name: 'LogUnusable',
      code: 'io',
      message: expect.stringContaining('the disk of the data folder is full'),
      hint: 'free some space, then start again',
    });
    execFileSync('mount', ['-o', 'remount,size=3m', folder]);
    const log = await open(folder);
    await appendTo(log, makeNotes(3));
  });

  test('a read-only folder is an error of one line, and read again when it is writable', async () => {
    const folder = mountSmall('3m');
    const log = await open(folder);
    await appendTo(log, makeNotes(3));
    await log.close();
    execFileSync('mount', ['-o', 'remount,ro', folder]);
    await expect(openLog({ dataDir: folder, logger: quiet })).rejects.toMatchObject({
      name: 'LogUnusable',
      code: 'io',
      message: expect.stringContaining('the data folder is read-only'),
      hint: 'make it writable, or choose another one with --data-dir',
    });
    execFileSync('mount', ['-o', 'remount,rw', folder]);
    expect((await open(folder)).head().position).toBe(3);
  });
});

test('each failure of an append has a code and a hint', () => {
  const codes: readonly [string, LogUnwritable['code']][] = [
    ['SQLITE_FULL', 'full'],
    ['ENOSPC', 'full'],
    ['SQLITE_READONLY_DBMOVED', 'read-only'],
    ['EROFS', 'read-only'],
    ['SQLITE_CORRUPT', 'damaged'],
    ['SQLITE_CORRUPT_INDEX', 'damaged'],
    ['SQLITE_NOTADB', 'damaged'],
    ['SQLITE_BUSY', 'locked'],
    ['SQLITE_LOCKED_SHAREDCACHE', 'locked'],
    ['SQLITE_IOERR_FSYNC', 'io'],
    ['SQLITE_CANTOPEN', 'io'],
    ['whatever', 'io'],
  ];
  for (const [code, expected] of codes) {
    const unwritable = toUnwritable(Object.assign(new Error('why'), { code }), '/nowhere');
    expect(unwritable, code).toBeInstanceOf(LogUnwritable);
    expect(unwritable.code, code).toBe(expected);
    expect(unwritable.hint, code).toMatch(/^[a-z].*[a-z.]$/);
  }
});

const big = () => makeNote('x'.repeat(20_000));

async function fill(log: Awaited<ReturnType<typeof open>>): Promise<unknown> {
  for (let count = 0; count < 500; count += 1) {
    try {
      await appendTo(log, [big()]);
    } catch (error) {
      return error;
    }
  }
  return null;
}
