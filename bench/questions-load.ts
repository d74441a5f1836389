/** What do questions that are asked without pause do to the proxy's p99 at half of its load? (`EVENTS=200000`, `FOLDER` of `questions.ts`) */
import { join } from 'node:path';
import { createSimulator } from '../src/engine-simulator/simulator.ts';
import { createLogReader } from '../src/log/read.ts';
import { projectionsPath } from '../src/projections/file.ts';
import { rebuild } from '../src/projections/rebuild.ts';
import { type Portolan, startPortolan } from '../test/support/portolan.ts';
import { benchFolder } from './support/folder.ts';
import { fillLog } from './support/log-folder.ts';
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

async function measure(portolan: Portolan): Promise<void> {
  const load = { port: portolan.port, folder };
  const most = await wrk({ ...load, seconds });
  const rate = Math.floor(most.requests / most.seconds / 2);
  const alone: number[] = [];
  const asked: number[] = [];
  let questions = 0;
  for (let round = 0; round < rounds; round += 1) {
    alone.push((await wrk({ ...load, seconds, rate })).p99);
    const ending = new AbortController();
    const asking = Array.from({ length: askers }, (_, at) => ask(portolan, at, ending.signal));
    asked.push((await wrk({ ...load, seconds, rate })).p99);
    ending.abort();
    for (const count of await Promise.all(asking)) questions += count;
  }
  print('the proxy at half of its load, with questions asked without pause', {
    'requests a second': rate,
    'questions a second': questions / rounds / seconds,
    'p99 without, median (ms)': median(alone),
    'p99 with them, median (ms)': median(asked),
    'the same as a ratio (wanted: at most 1.10)': median(asked.map((one, at) => one / alone[at]!)),
  });
}

/** @returns how many were answered */
async function ask(portolan: Portolan, first: number, signal: AbortSignal): Promise<number> {
  const { position: head } = await portolan.json<{ position: number }>('/log');
  const { items } = await portolan.json<{ items: { match: { host: string } }[] }>('/routes?limit=1000');
  let answered = 0;
  for (let turn = first; !signal.aborted; turn += askers) {
    const { host } = items[(turn * 7_919) % items.length]!.match;
    const at = `position:${1 + ((turn * 104_729) % head)}`;
    const paths = [
      `/hosts/${host}?at=${at}`,
      `/hosts/${host}/why?at=${at}`,
      `/hosts/${host}/history`,
      `/routes?at=${at}&limit=100`,
      `/events?host=${host}&order=desc`,
    ];
    // 404 is an answer, too: the host was not known yet then.
    const { status, body } = await portolan.api('GET', paths[turn % paths.length]!);
    if (status >= 500) throw new Error(`${status}: ${body}`);
    answered += 1;
  }
  return answered;
}
