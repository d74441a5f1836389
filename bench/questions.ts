/** How long does a question about the past take on a long log? Each is asked many times, of hosts and moments all over it. */
import { existsSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { createLogReader } from '../src/log/read.ts';
import { projectionsPath } from '../src/projections/file.ts';
import { rebuild } from '../src/projections/rebuild.ts';
import type { At, Paging } from '../src/queries/port.ts';
import { openLogQuestions, openQuestions } from '../src/queries/questions.ts';
import { benchFolder } from './support/folder.ts';
import { fillLog } from './support/log-folder.ts';
import { type Figures, print } from './support/report.ts';

const wanted = Number(process.env['EVENTS'] ?? 300_000);
const hosts = Number(process.env['HOSTS'] ?? 2_000);
/** A folder to keep, and to ask again the next time. */
const kept = process.env['FOLDER'];

if (isMainThread) {
  const folder = kept ?? benchFolder();
  if (!existsSync(projectionsPath(folder))) fill(folder);
  // On a thread such as the one that answers (src/queries/client.ts): a larger young generation is collected in longer pauses.
  new Worker(new URL(import.meta.url), {
    workerData: folder,
    resourceLimits: { maxYoungGenerationSizeMb: 6 },
  });
} else measure(workerData as string);

function fill(folder: string): void {
  fillLog(folder, wanted, hosts);
  const log = createLogReader(folder);
  rebuild({ log, path: projectionsPath(folder), batch: 5_000 });
  log.close();
}

function measure(folder: string): void {
  const ofLog = openLogQuestions(folder);
  const open = openQuestions(folder);
  const past = open.ask;
  const events = { ...ofLog.ask, events: past.events };
  const { history } = past;
  const head = ofLog.ask.log().position;
  const names = past.hostsAt({ kind: 'position', position: head }, { limit: 1_000 }).items;
  const day = 86_400_000;
  const first = Date.parse(events.event(1)!.recordedAt);
  const last = Date.parse(events.event(head)!.recordedAt);
  let turn = 0;
  const next = (below: number): number => {
    turn += 1;
    return (turn * 7_919) % below;
  };
  const host = (): string => names[next(names.length)]!.host;
  const position = (): At => ({ kind: 'position', position: 1 + next(head) });
  const instant = (from = first): number => from + next(last - from);
  const aDay = () => {
    const to = instant(Math.min(last - 1, first + day));
    return { from: to - day, to };
  };
  const page = { limit: 100 };
  const diff = ({ from, to }: { from: number; to: number }, paging: Paging) =>
    past.diff({ kind: 'instant', instant: from }, { kind: 'instant', instant: to }, paging);
  const wholeDiff = (stretch: { from: number; to: number }): void => {
    let cursor: string | undefined;
    do {
      cursor = diff(stretch, { limit: 1_000, cursor }).next;
    } while (cursor !== undefined);
  };
  print(`questions on ${head} events of ${hosts} hosts: milliseconds, median and p99`, {
    ...time('one host as of a position (wanted: p99 2)', 2_000, () => past.hostAt(position(), host())),
    ...time('one host as of an instant (wanted: p99 2)', 2_000, () =>
      past.hostAt({ kind: 'instant', instant: instant() }, host()),
    ),
    ...time('resolve as of a position (wanted: p99 2)', 2_000, () => past.resolveAt(position(), host(), '/')),
    ...time('history of one host (wanted: p99 2)', 2_000, () => history(host(), page)),
    ...time('why, now (wanted: p99 2)', 2_000, () => past.why(host())),
    ...time('why, then (wanted: p99 2)', 2_000, () => past.why(host(), position())),
    ...time('host diff (wanted: p99 2)', 500, () => past.hostDiff(host(), position())),
    ...time('why, of a host never seen', 200, () => past.why(`x${host()}`, position())),
    ...time('the first 100 routes then (wanted: p99 10)', 300, () => past.routesAt(position(), page)),
    ...time('1,000 routes then (wanted: p99 10)', 300, () => past.routesAt(position(), { limit: 1_000 })),
    ...time('100 hosts then (wanted: p99 10)', 300, () => past.hostsAt(position(), page)),
    ...time('diff over an hour, 100 changes a page (wanted: p99 10)', 200, () => {
      const to = instant(first + day);
      return diff({ from: to - 3_600_000, to }, page);
    }),
    ...time('diff over a day, 100 changes a page (wanted: p99 10)', 200, () => diff(aDay(), page)),
    ...time('… 1,000 changes a page', 100, () => diff(aDay(), { limit: 1_000 })),
    ...time('… all of its pages of 1,000', 100, () => wholeDiff(aDay())),
    ...time('timeline of a day, 100 a page (wanted: p99 10)', 200, () => past.timeline(aDay(), page)),
    ...time('density of a day, 200 buckets (wanted: p99 10)', 200, () => past.density(aDay(), 200)),
    ...time('events of a host (wanted: p99 10)', 500, () =>
      events.events({ host: host(), order: 'desc', ...page }),
    ),
    ...time('events of a type within a day (wanted: p99 10)', 300, () => {
      const { from, to } = aDay();
      return events.events({ type: 'RouteClosed', since: from, until: to, order: 'desc', ...page });
    }),
  });
  ofLog.close();
  open.close();
}

function time(name: string, times: number, ask: () => unknown): Figures {
  for (let turn = 0; turn < 10; turn += 1) ask();
  const took: number[] = [];
  for (let turn = 0; turn < times; turn += 1) {
    const began = performance.now();
    ask();
    took.push(performance.now() - began);
  }
  took.sort((one, other) => one - other);
  const at = (share: number): number => took[Math.floor(took.length * share)]!;
  return { [`${name}: median`]: at(0.5), [`${name}: p99`]: at(0.99) };
}
