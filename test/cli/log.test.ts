/** What the command line does with a log by itself: verify, export, import. */
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../src/db/open.ts';
import { logPath } from '../../src/log/path.ts';
import { command, type Ran, runCli } from '../support/cli.ts';
import { cleanUp, type Portolan, startPortolan, within } from '../support/portolan.ts';
import { createEngine, routesEqual, serveOn } from '../support/simulated.ts';

const folder = mkdtempSync(join(tmpdir(), 'portolan-cli-log-'));
const file = (name: string): string => join(folder, name);
let portolan: Portolan;
const on = (dataDir: string, ...args: string[]): Promise<Ran> =>
  runCli({ apiPort: portolan.apiPort, dataDir }, args);

beforeAll(async () => {
  const simulator = await createEngine();
  portolan = await serveOn(simulator);
  await simulator.run({ name: 'web' });
  await routesEqual(portolan, simulator);
  await portolan.stop();
  await simulator.stop();
});
afterAll(async () => {
  await cleanUp();
  rmSync(folder, { recursive: true, force: true });
});

test('an export, gzipped by its name, is imported elsewhere with the same head, and verifies against it', async () => {
  const exported = await on(portolan.dataDir, 'export', file('log.ndjson.gz'), '--json');
  expect(exported).toMatchObject({ code: 0, error: '' });
  const { head, events } = JSON.parse(exported.out);
  expect(gunzipSync(readFileSync(file('log.ndjson.gz'))).toString()).toContain('"RouteOpened"');
  const imported = await on(file('copy'), 'import', file('log.ndjson.gz'), '--json');
  expect(imported).toMatchObject({ code: 0, error: '' });
  expect(JSON.parse(imported.out)).toEqual({ events, head });
  const verified = await on(
    file('copy'),
    'verify',
    '--expect-head',
    `${head.position}:${head.hash}`,
    '--json',
  );
  expect(JSON.parse(verified.out)).toEqual({ valid: true, checkedTo: events });
  expect((await on(file('copy'), 'verify')).out).toContain(`${head.position}:${head.hash}`);
  const again = await on(file('copy'), 'import', file('log.ndjson.gz'));
  expect(again).toMatchObject({ code: 1, out: '' });
  expect(again.error).toContain('has a log');
});

test('an export of a log that is broken or cut fails, and leaves no file that would pass for a backup', async () => {
  await on(portolan.dataDir, 'export', file('sound.ndjson'));
  for (const [name, change, words] of [
    [
      'payload',
      "UPDATE events SET data = replace(data, 'web', 'bew') WHERE type = 'RouteOpened'",
      'its payload was changed',
    ],
    ['removed', 'DELETE FROM events WHERE position = 3', 'position 3 (the event is missing'],
    ['cut', 'DELETE FROM events WHERE position > 4', 'the log ends at 4'],
  ] as const) {
    await on(file(name), 'import', file('sound.ndjson'));
    const db = openDatabase(logPath(file(name)), { synchronous: 'FULL' });
    for (const trigger of db.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").pluck().all())
      db.exec(`DROP TRIGGER ${trigger}`);
    db.exec(change);
    db.close();
    const ran = await on(file(name), 'export', file(`${name}.ndjson.gz`));
    expect(ran, name).toMatchObject({ code: 1, out: '' });
    expect(ran.error).toContain(words);
    expect(existsSync(file(`${name}.ndjson.gz`))).toBe(false);
    expect((await on(file(name), 'export')).out).not.toContain('{"end"');
  }
});

test('what the system refuses is one line, with the file and the reason', async () => {
  const into = file('no/such/folder/log.ndjson');
  expect(await on(portolan.dataDir, 'export', into)).toMatchObject({ code: 4, out: '' });
  expect(await on(portolan.dataDir, 'export', folder)).toMatchObject({ code: 2, out: '' });
  expect((await on(file('x'), 'import', file('nothing'))).error).toBe(
    `portolan: "${file('nothing')}" is not there\n`,
  );
  expect((await on(file('x'), 'import', folder)).error).toBe(`portolan: "${folder}" is a folder\n`);
  writeFileSync(file('a-file'), '');
  await on(portolan.dataDir, 'export', file('some.ndjson'));
  const inFile = await on(file('a-file'), 'import', file('some.ndjson'));
  expect(inFile).toMatchObject({ code: 2, error: expect.stringContaining(' is no folder\n') });
});

test('an export writes into a device, and never puts a file in its place', async ({ skip }) => {
  skip(process.platform !== 'linux', 'Linux has /dev/full');
  const ran = await on(portolan.dataDir, 'export', '--force', '/dev/full');
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.error).toMatch(/^portolan: .*no space left on device\n$/);
  expect(statSync('/dev/full').isCharacterDevice()).toBe(true);
});

test('an export whose reader leaves before it is whole has failed', async () => {
  const child = spawn(process.execPath, [command, 'export', '--data-dir', portolan.dataDir], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  let error = '';
  child.stderr.on('data', (chunk) => {
    error += chunk;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect([code, error]).toEqual([1, 'portolan: whoever reads the export left before it was whole\n']);
});

test('an export goes to standard output, and replaces no file unasked', async () => {
  const { out } = await on(portolan.dataDir, 'export');
  expect(JSON.parse(out.trim().split('\n').at(-1)!)).toHaveProperty('end');
  writeFileSync(file('mine'), 'mine');
  const refused = await on(portolan.dataDir, 'export', file('mine'));
  expect(refused).toMatchObject({ code: 2 });
  expect(readFileSync(file('mine'), 'utf8')).toBe('mine');
  expect(await on(portolan.dataDir, 'export', file('mine'), '--force')).toMatchObject({ code: 0 });
  expect(existsSync(`${file('mine')}.partial`)).toBe(false);
});

test('a gzip that was cut is named as such, not the folder', async () => {
  await on(portolan.dataDir, 'export', file('whole.ndjson.gz'));
  writeFileSync(file('cut.ndjson.gz'), readFileSync(file('whole.ndjson.gz')).subarray(0, -100));
  const cut = await on(file('from-cut'), 'import', file('cut.ndjson.gz'));
  expect(cut).toMatchObject({ code: 1, out: '' });
  expect(cut.error).toMatch(/^portolan: the file is no whole gzip after line \d+ /);
  expect(existsSync(logPath(file('from-cut')))).toBe(false);
});

test('a gzip with damage in its middle is one line: the line that came of it', async () => {
  await on(portolan.dataDir, 'export', file('good.ndjson.gz'));
  const bytes = readFileSync(file('good.ndjson.gz'));
  for (let at = bytes.length >> 1; at < bytes.length; at++) bytes[at] = (at * 7919) & 0xff;
  writeFileSync(file('damaged.ndjson.gz'), bytes);
  const ran = await on(file('from-damaged'), 'import', file('damaged.ndjson.gz'));
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.error.trim().split('\n')).toHaveLength(2);
});

test('an imported log is served without an engine: its past is told, and that nothing is forwarded now', async () => {
  await on(portolan.dataDir, 'export', file('past.ndjson'));
  await on(file('past'), 'import', file('past.ndjson'));
  const served = await startPortolan({ dataDir: file('past'), dockerHost: 'unix:///nonexistent.sock' });
  const host = 'web.docker.localhost';
  const before = await runCli(served, ['resolve', host, '--at', `position:${await lastOpened(served)}`]);
  expect(before).toMatchObject({ code: 0 });
  expect(await runCli(served, ['resolve', host])).toMatchObject({ code: 1 });
  expect((await runCli(served, ['why', host])).out).toContain(
    'until it does, requests are answered with 503',
  );
  await served.stop();
});

async function lastOpened(served: Portolan): Promise<number> {
  const { out } = await runCli(served, ['events', '--type', 'RouteOpened', '-n', '1', '--json']);
  return JSON.parse(out).items[0].position;
}

test('an import that is interrupted leaves nothing behind', async () => {
  await on(portolan.dataDir, 'export', file('long.ndjson'));
  const child = spawn(process.execPath, [command, 'import', '--data-dir', file('interrupted')], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  // Without its last line: it waits for more.
  child.stdin!.write(readFileSync(file('long.ndjson'), 'utf8').split('\n').slice(0, 5).join('\n'));
  await within(10_000, 'the import to begin', async () => existsSync(file('interrupted/import.db')));
  child.kill('SIGINT');
  expect(await ended).toBe(130);
  expect(
    readdirSync(file('interrupted')).filter((name) => name.includes('.db-') || name === 'import.db'),
  ).toEqual([]);
});

test('what an import leaves that was killed is gone with the next start', async () => {
  await on(portolan.dataDir, 'export', file('killed.ndjson'));
  const child = spawn(process.execPath, [command, 'import', '--data-dir', file('killed')], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.stdin!.write(readFileSync(file('killed.ndjson'), 'utf8').split('\n').slice(0, 5).join('\n'));
  await within(10_000, 'the import to begin', async () => existsSync(file('killed/import.db')));
  child.kill('SIGKILL');
  await ended;
  expect(readdirSync(file('killed'))).toContain('import.db');
  const simulator = await createEngine();
  const next = await serveOn(simulator, { dataDir: file('killed') });
  expect(readdirSync(file('killed')).filter((name) => name.startsWith('import.db'))).toEqual([]);
  expect(await next.stop()).toBe(0);
  await simulator.stop();
});

test('an export of what is no log leaves no part of a file', async () => {
  mkdirSync(file('foreign'));
  writeFileSync(logPath(file('foreign')), 'no database, but long enough to be looked at '.repeat(100));
  for (const name of ['part.ndjson', 'part.ndjson.gz']) {
    expect((await on(file('foreign'), 'export', file(name))).code).not.toBe(0);
  }
  expect(readdirSync(folder).filter((name) => name.startsWith('part.'))).toEqual([]);
});

test('an import notes its head: a log that is emptied or cut before its first start does not pass for whole', async () => {
  await on(portolan.dataDir, 'export', file('noted.ndjson'));
  await on(file('noted'), 'import', file('noted.ndjson'));
  const db = openDatabase(logPath(file('noted')), { synchronous: 'FULL' });
  db.exec('DROP TRIGGER events_no_delete');
  db.exec('DELETE FROM events WHERE position > 5');
  db.close();
  expect((await on(file('noted'), 'verify')).out).toMatch(
    /^The log is broken at position 6: the log ends at 5,/,
  );
  for (const suffix of ['', '-wal', '-shm']) writeFileSync(`${logPath(file('noted'))}${suffix}`, '');
  const emptied = await on(file('noted'), 'verify');
  expect(emptied.error).toMatch(/^portolan: .* is empty, but there was a log of \d+ events\n/);
  const started = await on(file('noted'), 'serve', '--http-port', '0', '--api-port', '0');
  expect(started).toMatchObject({ code: 1 });
  expect(started.error).toMatch(/^portolan: .* is empty, but there was a log of \d+ events;/);
});

test('a changed payload, another head and a missing log: exit code 1, and what is wrong', async () => {
  await on(portolan.dataDir, 'export', file('plain.ndjson'));
  await on(file('changed'), 'import', file('plain.ndjson'));
  const db = openDatabase(logPath(file('changed')), { synchronous: 'FULL' });
  for (const { name } of db.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all() as {
    name: string;
  }[])
    db.exec(`DROP TRIGGER "${name}"`);
  db.exec(`UPDATE events SET data = replace(data, 'web', 'wob') WHERE type = 'RouteOpened'`);
  db.close();
  const broken = await on(file('changed'), 'verify');
  expect(broken.code).toBe(1);
  expect(broken.out).toMatch(/^The log is broken at position \d+: its payload was changed\.\n$/);
  const other = await on(portolan.dataDir, 'verify', '--expect-head', `1:${'0'.repeat(64)}`, '--json');
  expect(other.code).toBe(1);
  expect(JSON.parse(other.out)).toMatchObject({ valid: false, firstBad: { position: 1 } });
  const none = await on(file('nothing'), 'verify');
  expect(none).toMatchObject({ code: 4, out: '' });
  expect(none.error).toContain('--data-dir');
});
