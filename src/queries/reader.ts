/** The thread that answers questions: read-only connections to log and projections, one question after the other. */
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { DatabaseFile } from '../db/open.ts';
import { createLogReader } from '../log/read.ts';
import { createAuditQuery } from './audit.ts';
import { BadCursor } from './cursor.ts';
import { openDatabases } from './databases.ts';
import { createEventQueries } from './events.ts';
import { createHistoryQuery } from './history.ts';
import { createIncarnationsQuery } from './incarnations.ts';
import { createLogFacts } from './log-facts.ts';
import { BadMoment } from './moment.ts';
import { createPast } from './past.ts';
import { createRouteQueries } from './routes.ts';

export type Questions = Omit<ReturnType<typeof openQuestions>, 'current' | 'isDamaged' | 'close'>;
export interface Question {
  readonly call: number;
  readonly name: keyof Questions;
  readonly args: readonly unknown[];
}
export type Reply =
  | { readonly call: number; readonly kind: 'answer'; readonly value: unknown }
  | {
      readonly call: number;
      /** `damaged`: the projections' file is, and must be made again. */
      readonly kind: 'bad-cursor' | 'bad-moment' | 'damaged' | 'failed';
      readonly message: string;
    };

/** Milliseconds that a question waits for projections that are being made, and between two looks. */
const patience = 2_000;
const pause = 20;

const { dataDir } = workerData as { dataDir: string };
const port = parentPort!;

function openQuestions() {
  const databases = openDatabases(dataDir);
  const { log, projections } = databases;
  const reader = createLogReader(dataDir);
  const close = (): void => {
    reader.close();
    databases.close();
  };
  try {
    const events = createEventQueries(log, reader, projections);
    return {
      ...createRouteQueries(projections),
      ...events,
      ...createPast(log, projections, events, () => reader.head().position),
      history: createHistoryQuery(projections),
      audit: createAuditQuery(projections),
      incarnations: createIncarnationsQuery(log, reader, projections),
      log: createLogFacts(dataDir, log, reader),
      current: databases.current,
      isDamaged: () => isDamaged(databases.projections),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

type Open = ReturnType<typeof openQuestions>;
let questions: Open | null = null;

/** Waits a while for projections that are being made for the first time, or again. */
async function ready(): Promise<Open> {
  if (questions?.current() === false) closeQuestions();
  const deadline = Date.now() + patience;
  while (questions === null) {
    try {
      questions = openQuestions();
    } catch (error) {
      if (Date.now() >= deadline) throw error;
      await delay(pause);
    }
  }
  return questions;
}

async function reply({ call, name, args }: Question): Promise<Reply> {
  try {
    const ask = (await ready())[name] as (...args: readonly unknown[]) => unknown;
    return { call, kind: 'answer', value: ask(...args) };
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof BadMoment) return { call, kind: 'bad-moment', message };
    if (error instanceof BadCursor) return { call, kind: 'bad-cursor', message };
    const damaged = questions?.isDamaged() === true;
    closeQuestions();
    return { call, kind: damaged ? 'damaged' : 'failed', message };
  }
}

/** Damage gives errors of many kinds, and the log's are not meant here; a check tells. */
function isDamaged(projections: DatabaseFile): boolean {
  try {
    return projections.pragma('quick_check(1)', { simple: true }) !== 'ok';
  } catch {
    return true;
  }
}

function closeQuestions(): void {
  questions?.close();
  questions = null;
}

port.on('message', (question: Question | 'stop') => {
  if (question === 'stop') {
    closeQuestions();
    port.close();
  } else void reply(question).then((answer) => port.postMessage(answer));
});
