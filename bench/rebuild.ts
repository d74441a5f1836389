/** How fast are all projections rebuilt, and how long does a start take on a long log, with and without its snapshot? (`EVENTS=1000000`) */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { recover } from '../src/control/recover.ts';
import { createAppender } from '../src/log/append.ts';
import { encodeEvent } from '../src/log/encode.ts';
import { openLogFile } from '../src/log/open-file.ts';
import { createLogReader } from '../src/log/read.ts';
import { rebuild } from '../src/projections/rebuild.ts';
import { lifecycles } from './support/lifecycles.ts';
import { print } from './support/report.ts';

const wanted = Number(process.env['EVENTS'] ?? 200_000);
const folder = mkdtempSync(join(process.cwd(), 'bench-rebuild-'));
const seconds = (work: () => void): number => {
  const began = performance.now();
  work();
  return (performance.now() - began) / 1_000;
};

try {
  fill();
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
} finally {
  rmSync(folder, { recursive: true });
}

function fill(): void {
  const db = openLogFile(folder);
  db.pragma('synchronous = OFF');
  const appender = createAppender(db);
  let batch: ReturnType<typeof encodeEvent>[] = [];
  for (const { now, events } of lifecycles({ seed: 1, containers: 300 })) {
    batch.push(...events.map(encodeEvent));
    if (batch.length < 1_000) continue;
    appender.append(batch, appender.head().position, now);
    batch = [];
    if (appender.head().position >= wanted) break;
  }
  db.close();
}
