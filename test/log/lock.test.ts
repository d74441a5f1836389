/** One writer for each data folder: a second process gets a clear error and changes nothing. */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { openLog } from '../../src/log/log.ts';
import { makeNotes, quiet } from './fixtures.ts';
import { appendTo, fingerprint, makeFolder, open } from './support.ts';

const script = new URL('./child.ts', import.meta.url).pathname;

async function openElsewhere(folder: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [script, 'open', folder], {
    timeout: 20_000,
  });
  return JSON.parse(stdout);
}

test('a second process is told who uses the folder, and changes nothing', async () => {
  const folder = makeFolder();
  const log = await open(folder);
  await appendTo(log, makeNotes(3));
  const before = fingerprint(folder);
  const told = await openElsewhere(folder);
  expect(told).toEqual({
    code: 'in-use',
    message: `another Portolan (process ${process.pid}) uses this data folder`,
    hint: 'stop it, or choose another folder with --data-dir',
  });
  expect(fingerprint(folder)).toEqual(before);
  await appendTo(log, makeNotes(1));
});

test('so is a second log in the same process', async () => {
  const folder = makeFolder();
  await open(folder);
  await expect(openLog({ dataDir: folder, logger: quiet })).rejects.toMatchObject({ code: 'in-use' });
});

test('after a close the next process opens it', async () => {
  const folder = makeFolder();
  const log = await open(folder);
  await appendTo(log, makeNotes(3));
  await log.close();
  expect(await openElsewhere(folder)).toEqual({ opened: 3 });
});

test('a log that cannot be opened does not keep the folder locked', async () => {
  const folder = makeFolder();
  writeFileSync(
    join(folder, 'portolan.db'),
    'no database, by far too much text to be one of SQLite'.repeat(100),
  );
  await expect(openLog({ dataDir: folder, logger: quiet })).rejects.toMatchObject({ code: 'foreign' });
  await expect(openLog({ dataDir: folder, logger: quiet })).rejects.toMatchObject({ code: 'foreign' });
});

test('a lock file that is damaged, and a folder that is missing, are said in one line', async () => {
  const folder = makeFolder();
  writeFileSync(join(folder, 'lock.db'), 'garbage'.repeat(1_000));
  await expect(openLog({ dataDir: folder, logger: quiet })).rejects.toMatchObject({
    name: 'LogUnusable',
    message: expect.stringContaining('lock.db'),
  });
  const missing = join(folder, 'missing');
  await expect(openLog({ dataDir: missing, logger: quiet })).rejects.toMatchObject({
    name: 'LogUnusable',
    code: 'io',
    hint: 'check that the data folder exists and can be written',
  });
  mkdirSync(missing);
  await open(missing);
});
