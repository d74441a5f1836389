/** How fast is an append on disk, held against the bare write-and-fdatasync rate of the same disk and run? */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import type { NewEvent } from '../src/events/event.ts';
import { openLog } from '../src/log/log.ts';
import type { Log } from '../src/log/port.ts';
import { benchFolder } from './support/folder.ts';
import { lifecycles } from './support/lifecycles.ts';
import { median, print } from './support/report.ts';

const rounds = 11;
/** Milliseconds of each measurement; the three of a round follow one another, as disks change their mind. */
const time = 500;

const folder = benchFolder();
await measure();

async function measure(): Promise<void> {
  const log = await openLog({ dataDir: folder, logger: pino({ level: 'error' }) });
  const file = openSync(join(folder, 'bare'), 'w');
  const events = createSource();
  const block = Buffer.alloc(4_096, 1);
  const bare: number[] = [];
  const single: number[] = [];
  const groups: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    bare.push(
      await rate(1, async () => {
        writeSync(file, block);
        fdatasyncSync(file);
      }),
    );
    single.push(await rate(1, () => append(log, events.take(1))));
    groups.push(await rate(64, () => append(log, events.take(64))));
  }
  closeSync(file);
  await log.close();
  print('append', {
    'bare: 4 KiB at the end of a file and fdatasync, 1/s': median(bare),
    'one durable append at a time, events/s': median(single),
    'the same to bare (wanted: 0.75)': median(single.map((one, round) => one / bare[round]!)),
    'groups of 64 at a time, events/s (wanted: 25000)': median(groups),
    'the same in the first round, on a fresh log': groups[0]!,
    'events in the log at the end': events.taken(),
  });
}

async function append(log: Log, batch: readonly NewEvent[]): Promise<void> {
  const { kind } = await log.append(batch, log.head().position, Date.now());
  if (kind !== 'appended') throw new Error(`the append ended as ${kind}`);
}

async function rate(count: number, once: () => Promise<void>): Promise<number> {
  const began = performance.now();
  let done = 0;
  while (performance.now() - began < time) {
    await once();
    done += count;
  }
  return (done * 1_000) / (performance.now() - began);
}

/** Events made beforehand, so that making them is not measured. */
function createSource() {
  const events: NewEvent[] = [];
  const most = (rounds * time * 50_000) / 1_000;
  for (const step of lifecycles({ seed: 1, containers: 300 })) {
    events.push(...step.events);
    if (events.length > most) break;
  }
  let position = 0;
  return {
    taken: () => position,
    take(count: number): NewEvent[] {
      position += count;
      return events.slice(position - count, position);
    },
  };
}
