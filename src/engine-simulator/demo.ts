/**
 * `npm run demo`: Portolan on the simulated engine, with a few web backends that come and go. With `--tour` it shows
 * what Portolan does, step by step, and ends: routes that follow containers, commands, a kill -9 with the engine away.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { playScenes, populate } from './scenes.ts';
import { createSimulator, type Simulator } from './simulator.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** The flag's value, if it was given. */
const flag = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? undefined : process.argv[at + 1];
};

const folder = mkdtempSync(join(tmpdir(), 'portolan-demo-'));
const dataDir = flag('data-dir') ?? join(folder, 'data');
const httpPort = Number(flag('http-port') ?? 8000);
const apiPort = Number(flag('api-port') ?? 8080);
const simulator = createSimulator({ socketPath: join(folder, 'engine.sock') });
await simulator.start();
let ending = false;
let portolan = await startPortolan();

process.on('SIGINT', () => void end(0));
process.on('SIGTERM', () => void end(0));

if (process.argv.includes('--tour')) {
  try {
    await tour();
    await end(0);
  } catch (error) {
    say(`the tour failed: ${(error as Error).message}`);
    await end(1);
  }
} else {
  await populate(simulator);
  say(`
  Portolan on a simulated engine. The dashboard: http://localhost:${apiPort}/

  Try, in another terminal:

    curl http://web.shop.docker.localhost:${httpPort}/       two replicas, in turn
    curl http://visitor.docker.localhost:${httpPort}/        comes and goes: 503 says why
    curl http://localhost:${apiPort}/api/v1/routes
    curl http://localhost:${apiPort}/api/v1/hosts/visitor.docker.localhost/history
    curl http://localhost:${apiPort}/api/v1/audit
    kill -9 ${portolan.pid}                                  it is started again, and knows everything

  Ctrl-C ends it.
`);
  await playScenes(simulator, say);
}

async function startPortolan() {
  const args = [
    '--docker-host',
    simulator.host,
    '--data-dir',
    dataDir,
    '--log-format',
    'json',
    '--log-level',
    'warn',
  ];
  const ports = ['--http-port', String(httpPort), '--api-port', String(apiPort)];
  const entry = new URL('./serve.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [entry, ...args, ...ports], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  child.on('exit', (code, signal) => {
    if (signal === 'SIGKILL') void restart();
    else if (code !== 0) void end(1);
  });
  await until(
    'Portolan is ready',
    async () => (await ask(apiPort, `127.0.0.1:${apiPort}`, '/readyz')).status === 200,
  );
  return child;
}

async function restart(): Promise<void> {
  say('Portolan was killed; it is started again');
  portolan = await startPortolan();
}

async function end(code: number): Promise<void> {
  if (ending) return;
  ending = true;
  if (portolan.exitCode === null && portolan.signalCode === null) {
    const exited = new Promise((resolve) => portolan.once('exit', resolve));
    portolan.kill('SIGTERM');
    await exited;
  }
  await simulator.stop();
  rmSync(folder, { recursive: true, force: true });
  process.exit(code);
}

async function tour(): Promise<void> {
  say('1. A container starts, its host answers');
  await simulator.run({ name: 'nginx1', image: 'nginx' });
  await shows('nginx1', 200);
  say('2. It is stopped: 503, and why; started: it is back; renamed: it is followed');
  const nginx1 = simulator.containers.get('nginx1');
  await simulator.containers.stop(nginx1);
  await shows('nginx1', 503);
  await simulator.containers.start(nginx1);
  await shows('nginx1', 200);
  simulator.containers.rename(nginx1, 'shop');
  await shows('shop', 200);
  say('3. Replicas of a compose service share a host');
  await populate(simulator);
  await shows('web.shop', 200);
  await shows('web.shop', 200);
  say('4. Commands through the API are recorded, with what they caused');
  await command('/containers/shop/pause');
  await shows('shop', 503);
  await command('/containers/shop/unpause');
  await shows('shop', 200);
  await audit();
  await awayAndBack(simulator);
}

async function awayAndBack(engine: Simulator): Promise<void> {
  say('5. Killed with kill -9, the engine away: the last known routes are served at once, unconfirmed');
  await engine.goDown({ liveRestore: true });
  const before = portolan.pid;
  portolan.kill('SIGKILL');
  await until('Portolan is started again', async () => portolan.pid !== before && portolan.exitCode === null);
  await until(
    'it is ready',
    async () => (await ask(apiPort, `127.0.0.1:${apiPort}`, '/readyz')).status === 200,
  );
  await shows('shop', 200);
  await stateOf('shop');
  say(
    '6. The engine is back: what happened meanwhile is caught up, and marked as inferred where nobody saw it',
  );
  await engine.containers.dieSilently(engine.containers.get('shop'), 137);
  await engine.comeUp();
  await shows('shop', 503);
  // It acts before it is on disk.
  await until('the closing is in the log, marked as inferred', async () => (await lastClosing()).inferred);
  say('   the closing is inferred: true');
}

async function lastClosing(): Promise<{ readonly inferred: boolean }> {
  const path = '/events?type=RouteClosed&order=desc&limit=1';
  return (await askJson<{ items: [{ inferred: boolean }] }>(path)).items[0];
}

/** Waits for the status, then shows what a visitor gets. */
async function shows(name: string, status: number): Promise<void> {
  const host = `${name}.docker.localhost`;
  const answer = await until(`${host} answers ${status}`, async () => {
    const one = await ask(httpPort, host, '/');
    return one.status === status ? one : null;
  });
  say(`   ${host}  ${answer.status}  ${answer.body.trim().slice(0, 160)}`);
}

async function stateOf(name: string): Promise<void> {
  const page = await askJson<{ items: { state: string }[] }>(`/routes?host=${name}.docker.localhost`);
  say(`   its state is ${page.items[0]?.state}`);
  if (page.items[0]?.state !== 'unconfirmed') throw new Error('the route is not marked as unconfirmed');
}

async function command(path: string): Promise<void> {
  const token = readFileSync(join(dataDir, 'token'), 'utf8').trim();
  const response = await fetch(`http://127.0.0.1:${apiPort}/api/v1${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  say(`   POST ${path}  ${response.status}`);
}

async function audit(): Promise<void> {
  const find = async () => {
    const { items } = await askJson<{
      items: { action: string; actor: { name: string }; consequences: number[] }[];
    }>('/audit?actor=api&limit=10');
    return items.find((entry) => entry.action === 'pause' && entry.consequences.length > 1) ?? null;
  };
  const entry = await until('the audit has it', find);
  say(
    `   audit: ${entry.action} by ${entry.actor.name} caused the events at ${entry.consequences.join(', ')}`,
  );
}

async function askJson<T>(path: string): Promise<T> {
  const { status, body } = await ask(apiPort, `127.0.0.1:${apiPort}`, `/api/v1${path}`);
  if (status !== 200) throw new Error(`${path}: ${status} ${body}`);
  return JSON.parse(body) as T;
}

function ask(port: number, host: string, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    const request = get(
      { host: '127.0.0.1', port, path, headers: { host }, agent: false, timeout: 2_000 },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      },
    );
    request.on('timeout', () => request.destroy());
    // Not there yet: asked again.
    request.on('error', () => resolve({ status: 0, body: '' }));
  });
}

async function until<T>(what: string, look: () => Promise<T | null | false>): Promise<T> {
  const deadline = Date.now() + 15_000;
  while (Date.now() < deadline) {
    const found = await look();
    if (found !== null && found !== false) return found;
    await sleep(25);
  }
  throw new Error(`waited 15 s until ${what}`);
}
