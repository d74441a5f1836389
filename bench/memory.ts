/** How much memory is resident with 1,000 routes, two workers and 64 kept connections under load? Of it all routes are asked for, or `--hosts 1`. */
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createSimulator } from '../src/engine-simulator/simulator.ts';
import { startPortolan } from '../test/support/portolan.ts';
import { benchFolder } from './support/folder.ts';
import { print } from './support/report.ts';

const containers = 1_000;
const { values } = parseArgs({ options: { hosts: { type: 'string', default: `${containers}` } } });
const asked = Number(values.hosts);
const connections = 64;
/** Of load, then of rest. */
const seconds = 20;

const folder = benchFolder();
const simulator = createSimulator({ socketPath: join(folder, 'engine.sock') });
await simulator.start();
for (let at = 0; at < containers; at += 1) await simulator.run({ name: `web-${at}` });
// Once more, as the first start fills the compile cache.
await (await start()).stop();
const portolan = await start();
for (const at of [0, containers - 1]) await portolan.answers(`web-${at}.docker.localhost`, 200);
await sleep(10_000);
const idle = resident();
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const until = Date.now() + seconds * 1_000;
let answers = 0;
let under = 0;
const visit = async (): Promise<void> => {
  while (Date.now() < until) {
    await ask(`web-${answers % asked}.docker.localhost`);
    answers += 1;
    under = Math.max(under, resident());
  }
};
await Promise.all(Array.from({ length: connections }, visit));
const after = resident();
await sleep(15_000);
print(
  `memory: ${containers} routes, of which ${asked} are asked for, 2 workers, ${connections} connections`,
  {
    'resident before the load (MB)': idle / 1e6,
    'requests answered': answers,
    'resident under load, at most (MB; wanted: 210)': under / 1e6,
    'at the end of the load (MB)': after / 1e6,
    'after 15 s of rest, connections kept (MB)': resident() / 1e6,
  },
);
agent.destroy();
await portolan.stop();
await simulator.stop();
process.exit(0);

function start() {
  // As `bin/portolan.cjs` starts it.
  const frugal = { MALLOC_ARENA_MAX: '2', NODE_OPTIONS: '--max-semi-space-size=4' };
  return startPortolan({
    dockerHost: simulator.host,
    simulated: true,
    dataDir: join(folder, 'data'),
    env: { NODE_COMPILE_CACHE: join(folder, 'cache'), ...frugal },
    args: ['--workers', '2'],
  });
}

function resident(): number {
  const status = readFileSync(`/proc/${portolan.process.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1_024;
}

function ask(host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port: portolan.port, agent, headers: { host } }, (response) => {
      response.resume();
      response.on('end', resolve);
    }).on('error', reject);
  });
}
