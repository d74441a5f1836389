/**
 * What do 500 containers that start within 5 s cost the traffic that runs, and how soon after the last event is the last of
 * them routed? Beside it the same starts on an engine that nobody follows: what they take from the machine is the simulator's own.
 * The traffic is answered by the proxy itself, as a backend of the simulator would wait for the simulator.
 * The simulator stands for an engine that would have the same machine: it and the load have one core, Portolan with one worker the other.
 * So the last figure against the first is what starts cost in all, and against the second what following them costs, on that one
 * core; with more cores than threads at work, the worker would not wait for the others.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSimulator, type Simulator } from '../src/engine-simulator/simulator.ts';
import { startPortolan } from '../test/support/portolan.ts';
import { benchFolder } from './support/folder.ts';
import { median, print } from './support/report.ts';
import { wrk } from './support/wrk.ts';

const rounds = 3;
const containers = 500;
const seconds = 5;
/** Requests a second of the traffic that runs. */
const rate = 2_000;

const folder = benchFolder();
// Simulator and load on one core, Portolan on the other.
execFileSync('taskset', ['-a', '-c', '-p', '1', String(process.pid)]);
const followed = await startSimulator('followed');
const alone = await startSimulator('alone');
const portolan = await startPortolan({
  dockerHost: followed.host,
  simulated: true,
  dataDir: join(folder, 'data'),
});
execFileSync('taskset', ['-a', '-c', '-p', '0', String(portolan.process.pid)]);
await portolan.answers('nobody.docker.localhost', 404);

const figures: Record<'none' | 'alone' | 'followed' | 'routed', number[]> = {
  none: [],
  alone: [],
  followed: [],
  routed: [],
};
for (let round = 0; round < rounds; round += 1) {
  figures.none.push(await p99While(() => sleep(seconds * 1_000)));
  figures.alone.push(await p99While(() => startAll(alone, round)));
  figures.followed.push(await p99While(() => startAll(followed, round)));
  const last = performance.now();
  await portolan.answers(`web-${round}-${containers - 1}.docker.localhost`, 200);
  figures.routed.push(performance.now() - last);
  for (const engine of [alone, followed]) await removeAll(engine);
}
print(`${containers} containers start within ${seconds} s, ${rate} requests/s meanwhile`, {
  'p99 without starts, ms': median(figures.none),
  'p99, starts on an engine that is not followed, ms': median(figures.alone),
  'p99, starts on the engine that is, ms': median(figures.followed),
  'the last to the one before (wanted: 1.1)': median(
    figures.followed.map((one, at) => one / figures.alone[at]!),
  ),
  'the last is answered after, ms (wanted: 1000)': median(figures.routed),
});
await portolan.stop();
for (const engine of [alone, followed]) await engine.stop();
process.exit(0);

async function startSimulator(name: string): Promise<Simulator> {
  const engine = createSimulator({ socketPath: join(folder, `${name}.sock`) });
  await engine.start();
  return engine;
}

/** Evenly over the time. */
async function startAll(engine: Simulator, round: number): Promise<void> {
  const began = performance.now();
  for (let at = 0; at < containers; at += 1) {
    await sleep(Math.max(0, began + (at * seconds * 1_000) / containers - performance.now()));
    await engine.run({ name: `web-${round}-${at}` });
  }
}

async function removeAll(engine: Simulator): Promise<void> {
  for (const container of engine.containers.list()) await engine.containers.remove(container, true);
  await sleep(1_000);
}

/** Milliseconds. */
async function p99While(work: () => Promise<void>): Promise<number> {
  const [{ p99 }] = await Promise.all([wrk({ port: portolan.port, seconds, rate, folder }), work()]);
  return p99;
}
