/** How fast are all projections rebuilt, and how long does a start take on a long log, with and without its snapshot? (`EVENTS=1000000`) */
import { join } from 'node:path';
import { recover } from '../src/control/recover.ts';
import { createLogReader } from '../src/log/read.ts';
import { rebuild } from '../src/projections/rebuild.ts';
import { benchFolder } from './support/folder.ts';
import { fillLog } from './support/log-folder.ts';
import { print } from './support/report.ts';

const wanted = Number(process.env['EVENTS'] ?? 200_000);
const folder = benchFolder();
const seconds = (work: () => void): number => {
  const began = performance.now();
  work();
  return (performance.now() - began) / 1_000;
};

fillLog(folder, wanted, 300);
const log = createLogReader(folder);
const events = log.head().position;
const folded = seconds(() => void recover(log));
let most = 0;
const rebuilt = seconds(() => {
  rebuild({
    log,
    path: join(folder, 'fresh.db'),
    onProgress: () => {
      most = Math.max(most, process.memoryUsage.rss());
    },
  });
});
log.close();
print('rebuild', {
  'events in the log': events,
  'all projections rebuilt, events/s (wanted: 80000)': events / rebuilt,
  'resident memory at most (MB)': most / 1024 ** 2,
  'folded from the start, without a snapshot (s)': folded,
});
