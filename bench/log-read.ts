/** How fast is a log folded and its chain verified, held against merely reading and parsing the same rows? And how big is it? */
import { statSync } from 'node:fs';
import { openDatabase } from '../src/db/open.ts';
import type { Position } from '../src/events/ids.ts';
import { logPath } from '../src/log/path.ts';
import { createLogReader } from '../src/log/read.ts';
import { verifyChain } from '../src/log/verify.ts';
import { benchFolder } from './support/folder.ts';
import { fillLog } from './support/log-folder.ts';
import { median, print } from './support/report.ts';

const wanted = Number(process.env['EVENTS'] ?? 300_000);
const rounds = 3;

const folder = benchFolder();
fillLog(folder, wanted, 300);
measure();

function measure(): void {
  const parse: number[] = [];
  const fold: number[] = [];
  const verify: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    parse.push(rate(parseAll));
    fold.push(rate(foldAll));
    verify.push(rate(verifyAll));
  }
  const events = verifyAll();
  print('log-read', {
    'events in the log': events,
    'bytes an event (wanted: at most 600)': statSync(logPath(folder)).size / events,
    'rows read and their payloads parsed, 1/s': median(parse),
    'events folded: read, joined, upcast, checked, 1/s': median(fold),
    'the same to read and parsed': median(fold.map((one, round) => one / parse[round]!)),
    'chain verified, events/s (wanted: 120000)': median(verify),
  });
}

function rate(all: () => number): number {
  const began = performance.now();
  return (all() * 1_000) / (performance.now() - began);
}

function parseAll(): number {
  const db = openDatabase(logPath(folder), { readonly: true, synchronous: 'FULL' });
  const columns = 'position, data, type, stream, engine, recorded_at, actor_kind, actor_name';
  const rows = db
    .prepare(`SELECT ${columns} FROM events WHERE position > ? ORDER BY position LIMIT 2000`)
    .raw();
  let last = 0;
  for (;;) {
    const found = rows.all(last) as [position: number, data: string][];
    for (const [, data] of found) JSON.parse(data);
    if (found.length === 0) break;
    last = found.at(-1)![0];
  }
  db.close();
  return last;
}

function foldAll(): number {
  const reader = createLogReader(folder);
  const last = reader.fold(
    { after: 0 as Position },
    () => undefined,
    ({ problem }) => {
      throw new Error(problem);
    },
  );
  reader.close();
  return last;
}

function verifyAll(): number {
  const db = openDatabase(logPath(folder), { readonly: true, synchronous: 'FULL' });
  const { valid, checkedTo } = verifyChain(db);
  db.close();
  if (!valid) throw new Error(`the chain breaks after ${checkedTo}`);
  return checkedTo;
}
