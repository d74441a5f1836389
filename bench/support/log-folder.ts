/** Writes logs of realistic lifecycles, many events at a time. */
import { mkdirSync } from 'node:fs';
import { createAppender } from '../../src/log/append.ts';
import { encodeEvent } from '../../src/log/encode.ts';
import { openLogFile } from '../../src/log/open-file.ts';
import { lifecycles } from './lifecycles.ts';

/** Until the log in the folder has at least so many events. */
export function fillLog(folder: string, wanted: number, containers: number): void {
  mkdirSync(folder, { recursive: true });
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
}
