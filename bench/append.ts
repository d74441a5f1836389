/** How fast is an append on disk, measured against the bare write-and-fdatasync rate of the same file system and run? */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import type { NewEvent } from '../src/events/event.ts';
import { openLog } from '../src/log/log.ts';
import type { Log } from '../src/log/port.ts';
import { lifecycles } from './support/lifecycles.ts';
import { median, print } from './support/report.ts';

const rounds = 7;
const roundTime = 1_000;

/** In the working directory and not in /tmp, which is memory on many systems. */
const folder = mkdtempSync(join(process.cwd(), 'bench-append-'));
try {
  await run();
} finally {
  rmSync(folder, { recursive: true });
}

async function run(): Promise<void> {
  const log = await openLog({ dataDir: folder, logger: pino({ level: 'silent' }) });
  const events = eventsOf();
  const bare: number[] = [];
  const single: number[] = [];
  const groups: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    bare.push(await rate(1, () => writeOnce()));
    single.push(await rate(1, () => append(log, take(events, 1))));
    groups.push(await rate(64, () => append(log, take(events, 64))));
  }
  await log.close();
  print('append', {
    'bare write of 4 KiB and fdatasync, 1/s': median(bare),
    'single durable append, events/s': median(single),
    'single append to bare fdatasync (wanted: 0.75)': median(single.map((one, round) => one / bare[round]!)),
    'groups of 64, events/s (wanted: 25000)': median(groups),
  });
}

const file = openSync(join(folder, 'bare'), 'w');
process.once('exit', () => closeSync(file));
const block = Buffer.alloc(4_096, 1);

async function writeOnce(): Promise<void> {
  writeSync(file, block);
  fdatasyncSync(file);
}

async function append(log: Log, batch: readonly NewEvent[]): Promise<void> {
  const { kind } = await log.append(batch, log.head().position, Date.now());
  if (kind !== 'appended') throw new Error(`the append ended as ${kind}`);
}

async function rate(count: number, once: () => Promise<void>): Promise<number> {
  const began = performance.now();
  let done = 0;
  while (performance.now() - began < roundTime) {
    await once();
    done += count;
  }
  return (done * 1_000) / (performance.now() - began);
}
