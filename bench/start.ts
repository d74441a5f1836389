/** How long from the start of `node` to the first proxied 200 with a long log, five times as long, and without snapshot? (`EVENTS=1000000`, `FOLDER` keeps the logs) */
import { existsSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../src/db/open.ts';
import { createSimulator, type Simulator } from '../src/engine-simulator/simulator.ts';
import { logPath } from '../src/log/path.ts';
import { createLogReader } from '../src/log/read.ts';
import { createCheckpoints } from '../src/projections/checkpoints.ts';
import { openProjections, projectionsPath } from '../src/projections/file.ts';
import { allProjections } from '../src/projections/registry.ts';
import { startPortolan } from '../test/support/portolan.ts';
import { benchFolder } from './support/folder.ts';
import { fillLog } from './support/log-folder.ts';
import { freePort } from './support/peers.ts';
import { type Figures, median, print } from './support/report.ts';

const events = Number(process.env['EVENTS'] ?? 200_000);
const rounds = Number(process.env['ROUNDS'] ?? 7);
const host = 'probe.docker.localhost';
/** As `bin/portolan.cjs` has it. */
const compiled = join(process.cwd(), '.cache', 'compile');
const folder = benchFolder();
const simulator = createSimulator({ socketPath: join(folder, 'engine.sock') });
/** A folder to keep, and to start from again the next time. */
const kept = process.env['FOLDER'] ?? folder;
const long = join(kept, 'long');
const longer = join(kept, 'longer');
try {
  await simulator.start();
  await simulator.run({ name: 'probe' });
  prepare(long, events);
  prepare(longer, 5 * events);
  // What it does not know yet it records the first time.
  for (const dataDir of [long, longer]) await serve(dataDir, simulator);
  print(`start of node to the first proxied 200 (s), median of ${rounds}`, await measure());
} finally {
  await simulator.stop();
}
process.exit();

async function measure(): Promise<Figures> {
  const taken = { long: [] as number[], longer: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    taken.long.push(await serve(long, simulator));
    taken.longer.push(await serve(longer, simulator));
  }
  forgetSnapshots(long);
  const folded = await serve(long, simulator);
  return {
    [`${events} events (wanted, for 1000000: 0.7)`]: median(taken.long),
    [`${5 * events} events`]: median(taken.longer),
    'the second to the first (wanted: at most 1.2)': median(
      taken.longer.map((one, at) => one / taken.long[at]!),
    ),
    [`${events} events, snapshot missing (wanted, for 1000000: 6)`]: folded,
  };
}

/** The projections are said to be at the head: they are made in the background, and no part of a start. */
function prepare(dataDir: string, count: number): void {
  if (existsSync(logPath(dataDir))) return;
  fillLog(dataDir, count, 300);
  const log = createLogReader(dataDir);
  const db = openProjections(projectionsPath(dataDir), () => undefined);
  for (const projection of allProjections) createCheckpoints(db).keep(projection, log.head());
  db.close();
  log.close();
}

function forgetSnapshots(dataDir: string): void {
  const db = openDatabase(logPath(dataDir), { synchronous: 'FULL' });
  db.exec('DELETE FROM snapshots');
  db.close();
}

/** @returns seconds from its start to the first 200 */
async function serve(dataDir: string, engine: Simulator): Promise<number> {
  const port = await freePort();
  const began = performance.now();
  const starting = startPortolan({
    dockerHost: engine.host,
    simulated: true,
    dataDir,
    args: ['--http-port', String(port)],
    // Without a snapshot all of the log is folded first.
    patience: 120_000,
    env: { NODE_OPTIONS: '--max-semi-space-size=4', NODE_COMPILE_CACHE: compiled },
  });
  const agent = new Agent();
  while ((await ask(port, agent)) !== 200) await sleep(2);
  const taken = (performance.now() - began) / 1_000;
  const portolan = await starting;
  await portolan.stop();
  return taken;
}

function ask(port: number, agent: Agent): Promise<number> {
  return new Promise((resolve) => {
    const asked = get({ host: '127.0.0.1', port, agent, headers: { host } }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    asked.on('error', () => resolve(0));
  });
}
