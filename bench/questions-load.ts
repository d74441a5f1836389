/**
 * What do questions that are asked without pause do to the proxy's p99 at half of its load? (`EVENTS=200000`, `FOLDER` of
 * `questions.ts`; `OWN_CORE=1`: the worker has a processor for itself)
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSimulator } from '../src/engine-simulator/simulator.ts';
import { createLogReader } from '../src/log/read.ts';
import { projectionsPath } from '../src/projections/file.ts';
import { rebuild } from '../src/projections/rebuild.ts';
import { type Portolan, startPortolan } from '../test/support/portolan.ts';
import { startAskers } from './support/askers.ts';
import { benchFolder } from './support/folder.ts';
import { fillLog } from './support/log-folder.ts';
import { watchThreads } from './support/own-core.ts';
import { benchHost } from './support/peers.ts';
import { median, print } from './support/report.ts';
import { wrk } from './support/wrk.ts';

const rounds = 5;
const seconds = 3;
/** Askers, each with one question at a time. */
const askers = 2;
const kept = process.env['FOLDER'];

const folder = benchFolder();
const dataDir = kept ?? join(folder, 'data');
const simulator = createSimulator({ socketPath: join(folder, 'engine.sock') });
try {
  await simulator.start();
  await simulator.run({ name: benchHost.split('.')[0]! });
  if (kept === undefined) fill();
  const portolan = await startPortolan({
    dockerHost: simulator.host,
    simulated: true,
    dataDir,
    args: ['--workers', '1'],
  });
  await portolan.answers(benchHost, 200);
  await caughtUp(portolan);
  await measure(portolan);
  await portolan.stop();
} finally {
  await simulator.stop();
}
process.exit();

function fill(): void {
  fillLog(dataDir, Number(process.env['EVENTS'] ?? 200_000), 2_000);
  const log = createLogReader(dataDir);
  rebuild({ log, path: projectionsPath(dataDir) });
  log.close();
}

/** With a log that has no snapshot yet, questions wait for the projections' own fold of it. */
async function caughtUp(portolan: Portolan): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) {
    const { position } = await portolan.json<{ position: number }>('/log');
    const { projections } = await portolan.json<{ projections: { position: number }[] }>('/system');
    if (projections.length > 0 && projections.every((one) => one.position >= position)) return;
    await sleep(1_000);
  }
  throw new Error('the projections do not catch up');
}

async function measure(portolan: Portolan): Promise<void> {
  const load = { port: portolan.port, folder };
  const threads = watchThreads(portolan.process.pid!);
  let most = await wrk({ ...load, seconds });
  if (process.env['OWN_CORE'] === '1') {
    threads.giveCoreToBusiest();
    most = await wrk({ ...load, seconds });
  }
  const rate = Math.floor(most.requests / most.seconds / 2);
  const token = readFileSync(join(dataDir, 'token'), 'utf8').trim();
  const asking = startAskers({ port: portolan.apiPort, token }, askers);
  const alone: number[] = [];
  const asked: number[] = [];
  let questions = 0;
  let cpu = 0;
  for (let round = 0; round < rounds; round += 1) {
    alone.push((await wrk({ ...load, seconds, rate })).p99);
    const found = await asking.during(() => wrk({ ...load, seconds, rate }));
    asked.push(found.result.p99);
    questions += found.answered;
    cpu += found.cpu;
  }
  asking.stop();
  print('the proxy at half of its load, with questions asked without pause', {
    'requests a second': rate,
    'questions a second': questions / rounds / seconds,
    'cores that the asking takes': cpu / rounds / seconds,
    'p99 without, median (ms)': median(alone),
    'p99 with them, median (ms)': median(asked),
    'the same as a ratio (wanted: at most 1.10)': median(asked.map((one, at) => one / alone[at]!)),
  });
}
