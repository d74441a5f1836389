/** What do 200 clients of the event stream, 50 of them stuck, cost an append and in memory, at 100 events a second? */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NewEvent } from '../src/events/event.ts';
import { openLog } from '../src/log/log.ts';
import { startProjections } from '../src/projections/runner.ts';
import { createQueries } from '../src/queries/client.ts';
import { atRest } from '../test/queries/asking.ts';
import { silent } from '../test/support/projecting.ts';
import { connect, serveStream } from '../test/support/streaming.ts';
import { benchFolder } from './support/folder.ts';
import { lifecycles } from './support/lifecycles.ts';
import { median, print } from './support/report.ts';

const rounds = 5;
/** Milliseconds of each measurement, and between two commits of one event. */
const time = 2_000;
const pause = 10;
const clients = 200;
const stuck = 50;

const role = process.argv[2];
if (role === 'read') await read();
else if (role === 'serve') await measure();
else {
  // As `bin/portolan.cjs` starts it.
  const child = fork(import.meta.filename, ['serve'], { execArgv: ['--max-semi-space-size=4'] });
  [process.exitCode] = (await once(child, 'exit')) as [number];
}
process.exit();

/** The clients, in a process of their own. */
async function read(): Promise<void> {
  const [{ port, head }] = (await once(process, 'message')) as [{ port: number; head: number }];
  for (let at = 0; at < clients; at += 1) {
    const client = await connect(port, at < stuck ? 0 : head);
    if (at >= stuck) client.resume();
  }
  process.send!('ready');
  await once(process, 'disconnect');
}

async function measure(): Promise<void> {
  const folder = benchFolder();
  const log = await openLog({ dataDir: folder, logger: silent });
  const projections = startProjections(folder, silent);
  log.subscribe(() => projections.notify());
  const queries = createQueries(folder, atRest, silent);
  const streaming = await serveStream(log, queries);
  const next = createSource();
  const append = (count: number): Promise<unknown> =>
    log.append(next(count), log.head().position, Date.now());
  // More than the buffers of a connection hold, so that who does not read is stuck.
  for (let at = 0; at < 20; at += 1) await append(1_000);
  await projections.reached(log.head().position, 60_000);
  const alone: number[][] = [];
  const crowded: number[][] = [];
  const grown: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    alone.push(await latencies(() => append(1)));
    const before = process.memoryUsage.rss();
    const others = await crowd(streaming.port, log.head().position);
    await sleep(500);
    crowded.push(await latencies(() => append(1)));
    grown.push(process.memoryUsage.rss() - before);
    others.kill();
    await once(others, 'exit');
    await sleep(300);
  }
  print(`event stream: ${clients} clients, ${stuck} of them stuck, 100 events/s`, {
    'append without clients, median (ms)': median(alone.map(median)),
    'append with them, median (ms)': median(crowded.map(median)),
    'the same as a ratio (wanted: at most 1.10)': median(
      crowded.map((one, at) => median(one) / median(alone[at]!)),
    ),
    'memory that they take, largest of the rounds (MB, wanted: at most 50)': Math.max(...grown) / 1e6,
  });
  await streaming.close();
  await queries.stop();
  await projections.stop();
  await log.close();
}

async function crowd(port: number, head: number): Promise<ChildProcess> {
  const child = fork(import.meta.filename, ['read'], { execArgv: [] });
  child.send({ port, head });
  await once(child, 'message');
  return child;
}

/** Milliseconds that each append took. */
async function latencies(append: () => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  const end = performance.now() + time;
  while (performance.now() < end) {
    const began = performance.now();
    await append();
    taken.push(performance.now() - began);
    await sleep(Math.max(0, pause - (performance.now() - began)));
  }
  return taken;
}

function createSource(): (count: number) => NewEvent[] {
  const day = lifecycles({ seed: 1, containers: 300 });
  let ready: NewEvent[] = [];
  return (count) => {
    while (ready.length < count) ready.push(...day.next().value.events);
    const taken = ready.slice(0, count);
    ready = ready.slice(count);
    return taken;
  };
}
