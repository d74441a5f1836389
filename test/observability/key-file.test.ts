/** Secrets in files: one that somebody named is never replaced. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readNamedSecret, readOrMakeSecret } from '../../src/observability/key-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'portolan-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a token file that holds too little is refused and left as it is', () => {
  const path = join(folder, 'short');
  writeFileSync(path, 'hunter2\n');
  expect(() => readNamedSecret(path, '--token-file')).toThrow(
    expect.objectContaining({ name: 'KeyFileUnusable', hint: 'name another file with --token-file' }),
  );
  expect(readFileSync(path, 'utf8')).toBe('hunter2\n');
});

test('one in a folder that is not there is said with its path, and made where the folder is', () => {
  expect(() => readNamedSecret(join(folder, 'nowhere', 'token'), '--token-file')).toThrow(
    /nowhere.token cannot be/,
  );
  const path = join(folder, 'token');
  const made = readNamedSecret(path, '--token-file');
  expect(made).toMatch(/^[0-9a-f]{64}$/);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readNamedSecret(path, '--token-file')).toBe(made);
  expect(readOrMakeSecret(path)).toBe(made);
});
