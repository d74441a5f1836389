/** The data folder where it cannot be made. */
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeDataFolder } from '../../src/log/data-folder.ts';
import { cleanUp, startInVain } from '../support/portolan.ts';

const scratch = mkdtempSync(join(tmpdir(), 'portolan-data-folder-'));
afterAll(async () => {
  await cleanUp();
  rmSync(scratch, { recursive: true, force: true });
});

test('it is made with the folders above it, for its owner alone, and taken as it is where it is', () => {
  const path = join(scratch, 'a', 'b', 'c');
  for (const _ of ['made', 'found']) makeDataFolder(path);
  for (const folder of [path, join(scratch, 'a')]) expect(statSync(folder).mode & 0o777).toBe(0o700);
});

test('a file or a broken link in its place, or above it, is named with the way out', () => {
  const file = join(scratch, 'file');
  writeFileSync(file, '');
  const link = join(scratch, 'link');
  symlinkSync(join(scratch, 'nowhere'), link);
  for (const path of [file, join(file, 'data'), link, join(link, 'data')])
    expect(() => makeDataFolder(path)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(`the data folder ${path} cannot be made (`),
        hint: 'choose another one with --data-dir',
      }),
    );
});

test.runIf(process.platform === 'linux')(
  'below a place where nothing can be made the start ends with one line, and does not hang',
  async () => {
    const { code, error } = await startInVain({ dockerHost: 'unix:///nowhere', dataDir: '/proc/x/y' });
    expect(code).toBe(1);
    expect(error).toMatch(
      /^portolan: the data folder \/proc\/x\/y cannot be made \(ENOENT.*\); choose another one with --data-dir\n$/,
    );
  },
);
