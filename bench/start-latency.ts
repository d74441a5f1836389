/**
 * How long from the engine's `start` signal to the first 200 through the proxy, with few and with many containers running?
 * Rounds of the first seconds are not counted: the service compiles what it has not run before, and collects what its start left.
 */
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSimulator } from '../src/engine-simulator/simulator.ts';
import { startPortolan } from '../test/support/portolan.ts';
import { benchFolder } from './support/folder.ts';
import { print } from './support/report.ts';

const rounds = 400;
/** Milliseconds after the start from which on rounds count: `src/observability/start-garbage.ts` is over by then. */
const warm = 7_000;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

const few = await measure(5);
const many = await measure(300);
print('start signal to first 200, simulated engine', {
  '5 containers, p50 (ms)': few.p50,
  '5 containers, p99 (ms)': few.p99,
  '300 containers, p50 (ms)': many.p50,
  '300 containers, p99 (ms)': many.p99,
  '300 against 5, p50 (x)': many.p50 / few.p50,
  '300 against 5, p99 (x)': many.p99 / few.p99,
});
process.exit(0);

async function measure(count: number): Promise<{ p50: number; p99: number }> {
  const folder = benchFolder();
  const simulator = createSimulator({ socketPath: join(folder, 'engine.sock') });
  await simulator.start();
  for (let at = 0; at < count; at++) await simulator.run({ name: `idle-${at}` });
  const portolan = await startPortolan({
    dockerHost: simulator.host,
    simulated: true,
    dataDir: join(folder, 'data'),
  });
  const probe = await simulator.run({ name: 'probe' });
  await portolan.answers('probe.docker.localhost', 200);
  const times: number[] = [];
  let signalledAt = 0;
  simulator.journal.subscribe({
    take(event) {
      if (event.action === 'start' && event.actor === probe.id) signalledAt = performance.now();
      return true;
    },
  });
  const began = performance.now();
  while (times.length < rounds) {
    await simulator.containers.stop(probe);
    await portolan.answers('probe.docker.localhost', 503);
    await sleep(20);
    await simulator.containers.start(probe);
    while ((await ask(portolan.port)) !== 200) await sleep(1);
    const answered = performance.now();
    if (answered - began > warm) times.push(answered - signalledAt);
  }
  await portolan.stop();
  await simulator.stop();
  times.sort((one, other) => one - other);
  return { p50: times[Math.floor(rounds / 2)]!, p99: times[Math.floor(rounds * 0.99)]! };
}

function ask(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { host: 'probe.docker.localhost' };
    get({ host: '127.0.0.1', port, agent, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    }).on('error', reject);
  });
}
