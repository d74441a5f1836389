/** A process that uses a log: `append` in a loop and tell what was acknowledged, or `open` and tell how that went. */
import { writeSync } from 'node:fs';
import { openLog } from '../../src/log/log.ts';
import { LogUnusable } from '../../src/log/port.ts';
import { makeNotes, quiet } from './fixtures.ts';

const [mode, dataDir, limit] = process.argv.slice(2) as [string, string, string];
const tell = (message: object): void => void writeSync(1, `${JSON.stringify(message)}\n`);

try {
  const log = await openLog({ dataDir, logger: quiet });
  tell({ opened: log.head().position });
  if (mode === 'append') await appendUntil(Number(limit));
  await log.close();

  async function appendUntil(last: number): Promise<void> {
    for (let count = 1; log.head().position < last; count = (count % 7) + 1) {
      const outcome = await log.append(makeNotes(count), log.head().position, Date.now());
      if (outcome.kind !== 'appended') throw new Error(`the append ended as ${outcome.kind}`);
      tell(outcome.head);
    }
  }
} catch (error) {
  if (!(error instanceof LogUnusable)) throw error;
  tell({ code: error.code, message: error.message, hint: error.hint });
}
