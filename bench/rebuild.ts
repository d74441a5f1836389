/**
 * How fast are all projections rebuilt, held against merely reading the same rows, and how long does a start take on a long
 * log without its snapshot? (`EVENTS=1000000 ROUNDS=3`)
 *
 * Merely reading: every row by `log.read`, its payload parsed and checked, on one thread, and nothing done with it.
 */
import { join } from 'node:path';
import { recover } from '../src/control/recover.ts';
import type { Position } from '../src/events/ids.ts';
import { createLogReader } from '../src/log/read.ts';
import { rebuildInTwo } from '../src/projections/rebuild-in-two.ts';
import { benchFolder } from './support/folder.ts';
import { fillLog } from './support/log-folder.ts';
import { median, print } from './support/report.ts';

const wanted = Number(process.env['EVENTS'] ?? 200_000);
const rounds = Number(process.env['ROUNDS'] ?? 3);
const dataDir = benchFolder();
// As the service has it: the second thread would else strip the types of all that it loads, in each round.
process.env['NODE_COMPILE_CACHE'] = join(dataDir, 'cache');

fillLog(dataDir, wanted, 300);
const log = createLogReader(dataDir);
const events = log.head().position;
const taken = {
  read: [] as number[],
  rebuild: [] as number[],
  processor: [] as number[],
  fold: [] as number[],
};
let most = 0;
for (let round = 0; round < rounds; round += 1) {
  taken.fold.push(await seconds(() => recover(dataDir, (reason) => console.log(reason))));
  taken.read.push(await seconds(readAll));
  const before = process.cpuUsage();
  taken.rebuild.push(await seconds(rebuildAll));
  const { user, system } = process.cpuUsage(before);
  taken.processor.push((user + system) / 1e6);
}
log.close();
print(`rebuild, median of ${rounds}`, {
  'events in the log': events,
  'all projections rebuilt, events/s (wanted: 80000)': median(taken.rebuild.map((one) => events / one)),
  'rows merely read, parsed and checked, 1/s': median(taken.read.map((one) => events / one)),
  'the first to the second (wanted: 0.5)': median(
    taken.read.map((one, round) => one / taken.rebuild[round]!),
  ),
  'processor time of both threads, us an event': (median(taken.processor) * 1e6) / events,
  'resident memory at most (MB)': most / 1024 ** 2,
  'folded from the start, without a snapshot (s)': median(taken.fold),
});

async function seconds(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1_000;
}

function readAll(): void {
  const page = 500;
  for (let last = 0 as Position, more = true; more; ) {
    const found = log.read(last, page, ({ problem }) => {
      throw new Error(problem);
    });
    last = found.at(-1)?.position ?? last;
    more = found.length === page;
  }
}

function rebuildAll(): Promise<number> {
  return rebuildInTwo({
    log,
    dataDir,
    path: join(dataDir, 'fresh.db'),
    onProgress: () => {
      most = Math.max(most, process.memoryUsage.rss());
    },
  });
}
