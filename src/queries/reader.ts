/** The thread that answers questions: read-only connections to log and projections, one question after the other. */
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { lowerPriority } from '../observability/thread-priority.ts';
import { faultOf } from '../projections/faults.ts';
import { BadCursor } from './cursor.ts';
import { writeJson } from './json.ts';
import { BadMoment, type MomentField } from './moment.ts';
import { isOfTheLog, openLogQuestions, openQuestions, type Questions } from './questions.ts';

export interface Question {
  readonly call: number;
  readonly name: keyof Questions;
  readonly args: readonly unknown[];
  /** Whether the answer is wanted as JSON text. */
  readonly written: boolean;
}
export type Reply =
  | { readonly call: number; readonly kind: 'answer'; readonly value: unknown }
  | { readonly call: number; readonly kind: 'written'; readonly value: Uint8Array<ArrayBuffer> }
  | {
      readonly call: number;
      readonly kind: 'bad-moment';
      readonly message: string;
      readonly field: MomentField;
    }
  | {
      readonly call: number;
      /** `damaged`: the projections' file is, and must be made again. */
      readonly kind: 'bad-cursor' | 'damaged' | 'failed';
      readonly message: string;
    }
  /** Not to a question: the projections' file is not the one that was open. */
  | { readonly kind: 'moved' };

/** Milliseconds that a question waits for projections that are being made, and between two looks. */
const patience = 2_000;
const pause = 20;

const { dataDir } = workerData as { dataDir: string };
// Requests that are proxied come before questions.
lowerPriority(10);
const port = parentPort!;
let ofLog: ReturnType<typeof openLogQuestions> | null = null;
let questions: ReturnType<typeof openQuestions> | null = null;
/** Whether they know what there was when they were first asked, or were waited for long enough. */
let whole = false;

async function answer({ name, args }: Question): Promise<unknown> {
  const open = isOfTheLog(name) ? readyLog() : await ready();
  const ask = (open.ask as Partial<Questions>)[name] as (...args: readonly unknown[]) => unknown;
  return ask(...args);
}

function readyLog(): NonNullable<typeof ofLog> {
  ofLog ??= openLogQuestions(dataDir, eventsOf);
  return ofLog;
}

/** What is asked of the log alone does not wait for projections, and does without them. */
function eventsOf(stream: string, before: number): readonly number[] {
  try {
    if (questions?.current() === false) closeQuestions();
    questions ??= openQuestions(dataDir);
    return questions.eventsOf(stream, before);
  } catch {
    return [];
  }
}

/** Waits a while for projections that are being made for the first time, or again. */
async function ready(): Promise<NonNullable<typeof questions>> {
  if (questions?.current() === false) {
    closeQuestions();
    port.postMessage({ kind: 'moved' } satisfies Reply);
  }
  const deadline = Date.now() + patience;
  let head: number | null = null;
  for (;;) {
    const isLate = Date.now() >= deadline;
    try {
      questions ??= openQuestions(dataDir);
      head ??= questions.head();
      whole ||= isLate || questions.know(head);
      if (whole) return questions;
    } catch (error) {
      if (isLate) throw error;
    }
    await delay(pause);
  }
}

async function reply(question: Question): Promise<Reply> {
  const { call, name, written } = question;
  try {
    const value = await answer(question);
    return written ? { call, kind: 'written', value: writeJson(value) } : { call, kind: 'answer', value };
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof BadMoment) return { call, kind: 'bad-moment', message, field: error.field };
    if (error instanceof BadCursor) return { call, kind: 'bad-cursor', message };
    if (isOfTheLog(name)) {
      closeLog();
      return { call, kind: 'failed', message };
    }
    const damaged = questions === null ? faultOf(error)?.code === 'damaged' : questions.isDamaged();
    closeQuestions();
    return { call, kind: damaged ? 'damaged' : 'failed', message };
  }
}

function closeLog(): void {
  ofLog?.close();
  ofLog = null;
}

function closeQuestions(): void {
  questions?.close();
  questions = null;
  whole = false;
}

port.on('message', (question: Question | 'stop') => {
  if (question === 'stop') {
    closeLog();
    closeQuestions();
    port.close();
  } else
    void reply(question).then((said) =>
      port.postMessage(said, said.kind === 'written' ? [said.value.buffer] : []),
    );
});
