/** What does it cost to do nothing: CPU and resident memory with 300 probed containers and two workers? */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSimulator } from '../src/engine-simulator/simulator.ts';
import { startPortolan } from '../test/support/portolan.ts';
import { benchFolder } from './support/folder.ts';
import { print } from './support/report.ts';

const seconds = 90;
const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const folder = benchFolder();
const simulator = createSimulator({ socketPath: join(folder, 'engine.sock') });
await simulator.start();
for (let at = 0; at < 300; at++) await simulator.run({ name: `idle-${at}` });
// Once more, as the first start fills the compile cache.
await (await start()).stop();
const portolan = await start();
await portolan.answers('idle-0.docker.localhost', 200);
await sleep(5_000);
const probes = setInterval(() => simulator.emitNoise(simulator.containers.list()[0]!, 30), 1_000);
const before = cpu();
await sleep(seconds * 1_000);
const used = cpu() - before;
clearInterval(probes);
print('idle: 300 containers, 30 probe events a second, 2 workers', {
  'CPU of one core (%)': (used / seconds) * 100,
  'resident memory (MB)': memory() / 1e6,
});
await portolan.stop();
await simulator.stop();
process.exit(0);

function start() {
  // As `bin/portolan.cjs` starts it.
  const frugal = { MALLOC_ARENA_MAX: '2', NODE_OPTIONS: '--max-semi-space-size=4' };
  const env = { NODE_COMPILE_CACHE: join(folder, 'cache'), ...frugal };
  return startPortolan({
    dockerHost: simulator.host,
    simulated: true,
    dataDir: join(folder, 'data'),
    env,
    args: ['--workers', '2'],
  });
}

/** Seconds of CPU so far, user and system. */
function cpu(): number {
  const fields = readFileSync(`/proc/${portolan.process.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function memory(): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${portolan.process.pid}/status`, 'utf8'))![1]!;
  return Number(kilobytes) * 1_024;
}
