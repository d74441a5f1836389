/**
 * Collects once what starting left behind: half of the main thread's heap, which V8 would keep until an idle service had
 * made as much again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Milliseconds after the start: the API has been loaded then, and the engine's first list taken in. */
const settled = 5_000;

export async function collectStartGarbage(): Promise<void> {
  await sleep(settled, undefined, { ref: false });
  // V8 shows the collector to contexts that are made while the flag is set.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  // The second gives back the pages that the first has emptied.
  await sleep(100, undefined, { ref: false });
  collect();
}
