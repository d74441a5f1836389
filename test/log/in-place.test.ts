/** A log whose file is moved, replaced or removed under the process that writes it: nothing is said to be recorded that is lost. */
import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { looked } from '../../src/log/in-place.ts';
import { logPath } from '../../src/log/path.ts';
import type { LogUnwritable } from '../../src/log/port.ts';
import { makeNotes } from './fixtures.ts';
import { appendTo, makeFolder, open, readAll, verify } from './support.ts';

const refused = (file: string): Partial<LogUnwritable> =>
  expect.objectContaining({
    name: 'LogUnwritable',
    code: 'io',
    message: `${file} was moved, replaced or removed while it was open`,
  });

/** Until it is looked again. */
const soon = (): Promise<void> => sleep(looked + 5);

async function makeLog() {
  const folder = makeFolder();
  const log = await open(folder);
  await appendTo(log, makeNotes(5));
  return { folder, log };
}

test('a log that was moved away takes nothing until it is back', async () => {
  const { folder, log } = await makeLog();
  const elsewhere = `${makeFolder()}/moved`;
  renameSync(folder, elsewhere);
  await soon();
  await expect(appendTo(log, makeNotes(1))).rejects.toEqual(refused(logPath(folder)));
  renameSync(elsewhere, folder);
  await appendTo(log, makeNotes(1));
  await log.close();
  expect(readAll(folder).length).toBe(6);
  expect(verify(folder)).toMatchObject({ valid: true, checkedTo: 6 });
});

test('neither does one in whose place an older copy was put, nor one that was removed', async () => {
  const { folder, log } = await makeLog();
  copyFileSync(logPath(folder), `${folder}/older.db`);
  renameSync(`${folder}/older.db`, logPath(folder));
  await soon();
  await expect(appendTo(log, makeNotes(1))).rejects.toEqual(refused(logPath(folder)));
  rmSync(logPath(folder));
  await soon();
  await expect(appendTo(log, makeNotes(1))).rejects.toEqual(refused(logPath(folder)));
});

test('with its WAL removed nothing is recorded, and a stop saves what was in it', async () => {
  const { folder, log } = await makeLog();
  rmSync(`${logPath(folder)}-wal`);
  await soon();
  await expect(appendTo(log, makeNotes(1))).rejects.toEqual(refused(`${logPath(folder)}-wal`));
  await log.close();
  expect(readAll(folder).length).toBe(5);
});
