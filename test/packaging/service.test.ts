/** The systemd unit: systemd itself understands it, and calls it well guarded. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const unit = new URL('../../packaging/portolan.service', import.meta.url).pathname;
const hasSystemd = (): boolean => {
  try {
    execFileSync('systemd-analyze', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

test('systemd understands the unit, and rates its exposure at 2 or less', async ({ skip }) => {
  skip(!hasSystemd(), 'systemd-analyze is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'portolan-unit-'));
  const copy = join(folder, 'portolan.service');
  try {
    // The program is not installed here.
    writeFileSync(copy, readFileSync(unit, 'utf8').replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'));
    const { stdout, stderr } = await run('systemd-analyze', ['verify', copy]);
    expect(`${stdout}${stderr}`).toBe('');
    const rated = await run('systemd-analyze', ['security', '--offline=true', '--no-pager', copy]);
    const [, level] = /Overall exposure level for \S+ (\d+\.\d+)/.exec(rated.stdout) ?? [];
    expect(Number(level)).toBeLessThanOrEqual(2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the unit starts what the package installs', () => {
  const text = readFileSync(unit, 'utf8');
  const { bin, name } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    bin: Record<string, string>;
    name: string;
  };
  expect(text).toContain(`/opt/portolan/node_modules/${name}/${bin['portolan']} serve`);
  expect(text).toContain('npm install --prefix /opt/portolan');
});
