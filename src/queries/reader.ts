/** The thread that answers questions: read-only connections to log and projections, one question after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase } from '../db/open.ts';
import { createLogReader, logPath } from '../log/read.ts';
import { projectionsPath } from '../projections/file.ts';
import { createAuditQuery } from './audit.ts';
import { BadCursor } from './cursor.ts';
import { createEventQueries } from './events.ts';
import { createHistoryQuery } from './history.ts';
import { createLogFacts } from './log-facts.ts';
import { createRouteQueries } from './routes.ts';

export type Questions = ReturnType<typeof openQuestions>;
export interface Question {
  readonly call: number;
  readonly name: keyof Questions;
  readonly args: readonly unknown[];
}
export type Reply =
  | { readonly call: number; readonly kind: 'answer'; readonly value: unknown }
  | { readonly call: number; readonly kind: 'bad-cursor' | 'failed'; readonly message: string };

const { dataDir } = workerData as { dataDir: string };
const port = parentPort!;

function openQuestions() {
  const log = openDatabase(logPath(dataDir), { readonly: true, synchronous: 'FULL' });
  const projections = openDatabase(projectionsPath(dataDir), { readonly: true, synchronous: 'FULL' });
  const reader = createLogReader(dataDir);
  return {
    ...createRouteQueries(projections),
    ...createEventQueries(log, reader, projections),
    history: createHistoryQuery(projections),
    audit: createAuditQuery(projections),
    log: createLogFacts(dataDir, log, reader),
    close() {
      log.close();
      projections.close();
      reader.close();
    },
  };
}

/** Opened at the first question, as the projections may still be made; again after a failure to open. */
let questions: Questions | null = null;

function reply({ call, name, args }: Question): Reply {
  try {
    questions ??= openQuestions();
    const ask = questions[name] as (...args: readonly unknown[]) => unknown;
    return { call, kind: 'answer', value: ask(...args) };
  } catch (error) {
    const { message } = error as Error;
    return { call, kind: error instanceof BadCursor ? 'bad-cursor' : 'failed', message };
  }
}

port.on('message', (question: Question | 'stop') => {
  if (question === 'stop') {
    questions?.close();
    port.close();
  } else port.postMessage(reply(question));
});
