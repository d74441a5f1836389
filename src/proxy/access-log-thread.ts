/** The thread that writes the access log: takes batches of all workers, says what got lost, survives a disk that is full. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { Batch } from './access-log.ts';
import { createAccessLogFile } from './access-log-file.ts';

export type ToAccessLog =
  | { readonly kind: 'worker'; readonly port: MessagePort }
  | { readonly kind: 'reopen' }
  /** Ends once each worker's batches are written. */
  | { readonly kind: 'close' };

export interface FromAccessLog {
  /** Lines lost since the start. */
  readonly lost: number;
  /** Why it cannot be written; null while it can. */
  readonly problem: string | null;
}

const main = parentPort!;
const file = createAccessLogFile((workerData as { path: string }).path);
const workers = new Set<MessagePort>();
/** Not told in the file yet. */
let untold = 0;
let lost = 0;
let problem: string | null = null;
let closing = false;

function take({ lines, dropped }: Batch): void {
  const before = lost;
  const problemBefore = problem;
  lose(dropped);
  try {
    if (untold > 0) tellGap();
    if (lines !== '') file.write(Buffer.from(lines));
    problem = null;
  } catch (error) {
    problem = (error as Error).message;
    lose(count(lines));
  }
  if (lost !== before || problem !== problemBefore)
    main.postMessage({ lost, problem } satisfies FromAccessLog);
}

function lose(lines: number): void {
  untold += lines;
  lost += lines;
}

/** The log never lies silently: where lines are missing, a line says how many. */
function tellGap(): void {
  file.write(Buffer.from(`{"time":"${new Date().toISOString()}","kind":"gap","lines":${untold}}\n`));
  untold = 0;
}

function count(lines: string): number {
  let found = 0;
  for (let at = lines.indexOf('\n'); at !== -1; at = lines.indexOf('\n', at + 1)) found += 1;
  return found;
}

function join(port: MessagePort): void {
  workers.add(port);
  port.on('message', (batch: Batch) => {
    take(batch);
    port.postMessage(batch.lines.length);
  });
  port.on('close', () => {
    workers.delete(port);
    endIfDone();
  });
}

function endIfDone(): void {
  if (!closing || workers.size > 0) return;
  file.close();
  main.close();
}

main.on('message', (message: ToAccessLog) => {
  switch (message.kind) {
    case 'worker':
      join(message.port);
      return;
    case 'reopen':
      file.reopen();
      return;
    case 'close':
      closing = true;
      endIfDone();
      return;
    default:
      message satisfies never;
  }
});
