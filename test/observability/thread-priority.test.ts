/** Threads that may wait are put behind those that serve, each by itself. */

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';

const source = new URL('../../src/observability/thread-priority.ts', import.meta.url).href;

test.runIf(process.platform === 'linux')('a thread lowers its own priority and no other', async () => {
  const thread = new Worker(
    `import { readFileSync } from 'node:fs';
     import { parentPort } from 'node:worker_threads';
     import { lowerPriority } from ${JSON.stringify(source)};
     lowerPriority(12);
     parentPort.postMessage(readFileSync('/proc/thread-self/stat', 'utf8'));`,
    { eval: true, execArgv: ['--input-type=module'] },
  );
  const [stat] = (await once(thread, 'message')) as [string];
  await thread.terminate();
  expect(niceOf(stat)).toBe(12);
  expect(niceOf(readFileSync('/proc/thread-self/stat', 'utf8'))).toBeLessThan(12);
});

/** The 19th field; the name in the second may hold spaces. */
const niceOf = (stat: string): number => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
