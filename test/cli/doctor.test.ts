/** `portolan doctor` on machines that lack one thing or another. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { checkHandOver } from '../../src/cli/doctor/hand-over.ts';
import { checkNames } from '../../src/cli/doctor/names.ts';
import { checkPort } from '../../src/cli/doctor/port.ts';
import type { Simulator } from '../../src/engine-simulator/simulator.ts';
import { type Ran, runCli } from '../support/cli.ts';
import { startGetOnly } from '../support/get-only.ts';
import { createEngine } from '../support/simulated.ts';

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
