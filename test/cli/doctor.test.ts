/** `portolan doctor` on machines that lack one thing or another. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { checkHandOver } from '../../src/cli/doctor/hand-over.ts';
import { checkNames } from '../../src/cli/doctor/names.ts';
import { checkPort } from '../../src/cli/doctor/port.ts';
import { checkToken } from '../../src/cli/doctor/token.ts';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { type Ran, runCli } from '../support/cli.ts';
import { startGetOnly } from '../support/get-only.ts';
import { cleanUp } from '../support/portolan.ts';
import { createEngine, serveOn } from '../support/simulated.ts';

const folder = mkdtempSync(join(tmpdir(), 'portolan-doctor-'));
let simulator: Simulator;
beforeAll(async () => {
  simulator = await createEngine();
});
afterAll(async () => {
  await simulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

const doctor = async (...args: string[]): Promise<Ran & { items: Map<string, Finding> }> => {
  const where = { apiPort: 25_099, dataDir: join(folder, 'data') };
  const ran = await runCli(where, ['doctor', '--json', '--http-port', '0', '--api-port', '0', ...args]);
  const items: Finding[] = JSON.parse(ran.out).items;
  return { ...ran, items: new Map(items.map((item) => [item.check, item])) };
};

async function taking<T>(work: (port: number) => Promise<T>): Promise<T> {
  const server: Server = createServer();
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
  try {
    return await work(port);
  } finally {
    server.close();
  }
}

test('an engine that answers and takes commands, and containers that are reached', async () => {
  await simulator.run({ name: 'web' });
  const { items, code } = await doctor('--docker-host', simulator.host);
  expect(items.get('engine')).toMatchObject({ state: 'ok' });
  expect(items.get('commands')).toMatchObject({ state: 'ok' });
  expect(items.get('networks')?.says).toMatch(/^all 1 running containers are reached/);
  expect(items.get('log')).toMatchObject({ state: 'skipped' });
  expect(code).toBe(0);
});

test('a socket proxy that lets only reading through is told as such, and is no problem', async () => {
  const proxy = await startGetOnly(simulator.socketPath);
  try {
    const { items, code } = await doctor('--docker-host', `unix://${proxy.path}`);
    expect(items.get('engine')).toMatchObject({ state: 'ok' });
    expect(items.get('commands')).toMatchObject({ state: 'note' });
    expect(code).toBe(0);
  } finally {
    await proxy.stop();
  }
});

test('no socket, and one that nobody listens on: exit code 1 and how to start Docker', async () => {
  const absent = await doctor('--docker-host', 'unix:///nonexistent/docker.sock');
  expect(absent.code).toBe(1);
  expect(absent.items.get('engine')?.says).toBe('there is no socket at /nonexistent/docker.sock.');
  writeFileSync(join(folder, 'no.sock'), '');
  const dead = await doctor('--docker-host', `unix://${join(folder, 'no.sock')}`);
  expect(dead.items.get('engine')?.says).toMatch(/^nothing answers at /);
  expect(dead.items.get('engine')?.mend[0]).toContain('systemctl start docker');
});

test('a port that another program has: which one, and what to do', async () => {
  await taking(async (port) => {
    const found = await checkPort({
      check: 'port',
      flag: '--http-port',
      hosts: ['127.0.0.1'],
      port,
      dataDir: folder,
    });
    expect(found.state).toBe('problem');
    if (process.platform === 'linux') expect(found.says).toContain(`(process ${process.pid})`);
    expect(found.mend.join()).toContain('--http-port');
  });
});

test('a port that Portolan itself has is as it should be', async () => {
  writeFileSync(join(folder, 'portolan.pid'), `${process.pid}\n`);
  await taking(async (port) => {
    expect(
      await checkPort({ check: 'port', flag: '--http-port', hosts: ['127.0.0.1'], port, dataDir: folder }),
    ).toMatchObject({ state: 'ok' });
  });
});

test('a port that another Portolan has is not told as that of some program to be ended', async () => {
  const other = await serveOn(simulator);
  try {
    const ports = ['--http-port', String(other.port), '--api-port', String(other.apiPort)];
    const { items, code } = await doctor('--docker-host', simulator.host, ...ports);
    expect(items.get('API port')).toMatchObject({
      state: 'note',
      says: expect.stringMatching(/^a Portolan listens/),
    });
    if (process.platform === 'linux') expect(items.get('port')).toMatchObject({ state: 'note' });
    expect(code).toBe(0);
  } finally {
    await cleanUp();
  }
});

test('names: what Linux and what Safari need', async () => {
  // No system resolves this one, whatever it knows of localhost.
  const linux = await checkNames('a b.localhost', 'linux');
  expect(linux.mend.join('\n')).toContain('libnss-myhostname');
  const mac = await checkNames('a b.localhost', 'darwin');
  expect(mac.state).toBe('note');
  expect(mac.mend.join('\n')).toMatch(/Safari.*dnsmasq[\s\S]*\/etc\/resolver\/a b\.localhost/);
  const other = await checkNames('portolan.invalid', 'linux');
  expect(other).toMatchObject({ state: 'problem' });
  expect(other.mend[0]).toContain('wildcard record');
});

test('a token that others can read', () => {
  const open = join(folder, 'open');
  mkdirSync(open);
  const path = join(open, 'token');
  expect(checkToken(path)).toMatchObject({ state: 'skipped' });
  writeFileSync(path, 'x'.repeat(64));
  for (const [mode, state] of [
    [0o600, 'ok'],
    [0o640, 'note'],
    [0o644, 'problem'],
  ] as const) {
    chmodSync(folder, 0o755);
    chmodSync(path, mode);
    expect(checkToken(path, false), `${mode}`).toMatchObject({ state });
    expect(checkToken(path, true)).toMatchObject({ state: 'ok' });
  }
  chmodSync(folder, 0o700);
  expect(checkToken(path, false)).toMatchObject({
    state: 'note',
    says: expect.stringContaining('only the folders'),
  });
  expect(checkToken(path, false).mend[0]).toBe(`chmod 600 ${path}`);
});

test('a log that was there and is gone is a problem, as it is for the service', async () => {
  const dataDir = join(folder, 'lost');
  mkdirSync(dataDir);
  writeFileSync(join(dataDir, 'portolan.head'), `{"position":44,"hash":"${'a'.repeat(64)}"}\n`);
  const { items, code } = await doctor('--docker-host', simulator.host, '--data-dir', dataDir);
  expect(items.get('log')).toMatchObject({
    state: 'problem',
    says: expect.stringContaining('a log of 44 events'),
  });
  expect(code).toBe(1);
  const verified = await runCli({ apiPort: 25_099, dataDir }, ['verify']);
  expect(verified).toMatchObject({ code: 1, error: expect.stringContaining('a log of 44 events') });
});

test('an address that this machine does not have', async () => {
  const asked = { check: 'port', flag: '--http-port', port: 25_099, dataDir: folder };
  const found = await checkPort({ ...asked, hosts: ['192.0.2.1'] });
  expect(found).toMatchObject({ state: 'problem', says: '192.0.2.1 is no address of this machine.' });
  expect(found.mend.join()).toContain('--http-host');
});

test('containers without an address are not counted among those that are reached', async () => {
  await simulator.run({ name: 'alone', networkMode: 'none' });
  const { items } = await doctor('--docker-host', simulator.host);
  expect(items.get('networks')?.says).toMatch(/^1 of 2 running containers are reached, .*: alone\.$/);
});

test('what answers but is no engine is told in words', async () => {
  const server = http.createServer((_, answer) =>
    answer.writeHead(404, { 'Content-Type': 'application/json' }).end('{"detail":"nothing here"}'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const { items } = await doctor('--docker-host', `tcp://127.0.0.1:${port}`);
  server.close();
  expect(items.get('engine')?.says).toContain('{"detail":"nothing here"}');
});

test('connections at a hand-over: what the kernel is set to', () => {
  const file = join(folder, 'tcp_migrate_req');
  expect(checkHandOver(file).state).toBe('skipped');
  writeFileSync(file, '0\n');
  expect(checkHandOver(file)).toMatchObject({ state: 'note' });
  writeFileSync(file, '1\n');
  expect(checkHandOver(file)).toMatchObject({ state: 'ok' });
});

test('a folder that may not be written', async ({ skip }) => {
  skip(process.getuid?.() === 0, 'root may write everywhere');
  chmodSync(folder, 0o500);
  const { items, code } = await doctor('--docker-host', simulator.host);
  chmodSync(folder, 0o700);
  expect(items.get('log')).toMatchObject({ state: 'problem' });
  expect(code).toBe(1);
});

test('a wrong setting is named as serve names it', async () => {
  const ran = await runCli({ apiPort: 25_099, dataDir: folder }, ['doctor', '--http-port', 'eighty']);
  expect(ran).toMatchObject({ code: 2, out: '' });
  expect(ran.error).toContain('--http-port is "eighty"; allowed: a port from 0 (any) to 65535');
});
