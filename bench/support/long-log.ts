/** A data folder with a long log and its projections, made once and kept if it is to be asked again. */
import { existsSync } from 'node:fs';
import { createAppender } from '../../src/log/append.ts';
import { encodeEvent } from '../../src/log/encode.ts';
import { openLogFile } from '../../src/log/open-file.ts';
import { createLogReader } from '../../src/log/read.ts';
import { projectionsPath } from '../../src/projections/file.ts';
import { rebuild } from '../../src/projections/rebuild.ts';
import { lifecycles } from './lifecycles.ts';

export interface LongLog {
  readonly events: number;
  /** Containers that exist at one time. */
  readonly containers: number;
}

/** Leaves a folder as it is that has one. */
export function fillLongLog(folder: string, { events: wanted, containers }: LongLog): void {
  if (existsSync(projectionsPath(folder))) return;
  const db = openLogFile(folder);
  db.pragma('synchronous = OFF');
  const appender = createAppender(db);
  let batch: ReturnType<typeof encodeEvent>[] = [];
  for (const { now, events } of lifecycles({ seed: 1, containers })) {
    batch.push(...events.map(encodeEvent));
    if (batch.length < 1_000) continue;
    appender.append(batch, appender.head().position, now);
    batch = [];
    if (appender.head().position >= wanted) break;
  }
  db.close();
  const log = createLogReader(folder);
  rebuild({ log, path: projectionsPath(folder), batch: 5_000 });
  log.close();
}
