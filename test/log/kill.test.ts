/** Killed at any moment: what was acknowledged is there, and the chain is whole. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import type { LogHead } from '../../src/log/port.ts';
import { makeFolder, open, readAll, verify } from './support.ts';

const rounds = 8;

test('kill -9 at any moment of an append loop loses nothing that was acknowledged', async () => {
  const folder = makeFolder();
  let acknowledged: LogHead = { position: 0 as LogHead['position'], hash: '', recordedAt: 0 };
  for (let round = 0; round < rounds; round += 1) {
    const child = startAppending(folder);
    const killAfter = 1 + Math.floor(Math.random() * 40);
    let heads = 0;
    for await (const line of createInterface({ input: child.stdout! })) {
      const told = JSON.parse(line) as LogHead | { opened: number };
      if ('opened' in told) {
        expect(told.opened).toBeGreaterThanOrEqual(acknowledged.position);
        continue;
      }
      acknowledged = told;
      heads += 1;
      if (heads === killAfter) child.kill('SIGKILL');
    }
    if (child.signalCode === null && child.exitCode === null) await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');
    expect(verify(folder, acknowledged)).toMatchObject({ valid: true });
  }
  const events = readAll(folder);
  expect(events.map((event) => event.position)).toEqual(events.map((_, index) => index + 1));
  expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
  const log = await open(folder);
  expect(log.head().position).toBe(events.length);
});

function startAppending(folder: string): ChildProcess {
  const script = new URL('./child.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, 'append', folder, '1000000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}
