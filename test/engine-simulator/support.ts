/** A simulator for a test, a client for it, its events as they come, and waits that have a deadline. */
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { onTestFinished } from 'vitest';
import {
  createSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../../src/engine-simulator/simulator.ts';

/** Started, with the image `web`, and ended with the test. */
export async function startSimulator(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const folder = mkdtempSync(join(tmpdir(), 'portolan-simulator-'));
  const simulator = createSimulator({ socketPath: join(folder, 'engine.sock'), ...options });
  await simulator.start();
  simulator.images.add('web');
  onTestFinished(async () => {
    await simulator.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return simulator;
}

export const clientOf = ({ socketPath }: Simulator): Docker => new Docker({ socketPath });

/** What a refused call says. */
export async function refusal(call: Promise<unknown>): Promise<{ status: number; message: string }> {
  try {
    await call;
  } catch (error) {
    const { statusCode, json } = error as { statusCode: number; json?: { message?: string } };
    return { status: statusCode, message: json?.message ?? (error as Error).message };
  }
  throw new Error('the call was not refused');
}

/** @returns what `look` gives once it is neither null, undefined nor false */
export async function eventually<T>(
  what: string,
  look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  milliseconds = 5_000,
): Promise<T> {
  const deadline = performance.now() + milliseconds;
  while (performance.now() < deadline) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    await sleep(5);
  }
  throw new Error(`waited ${milliseconds} ms until ${what}`);
}

export interface Message {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly time: number;
  readonly timeNano: number;
}

export interface EventStream {
  /** As text, exactly as they came. */
  readonly lines: string[];
  messages(): Message[];
  /** `start`, or `network:connect`. */
  actions(): string[];
  /** Chunks of the body so far. */
  readonly chunks: Buffer[];
  readonly response: http.IncomingMessage;
  readonly isOver: () => boolean;
  /** Resolves when the engine has noticed. */
  close(): Promise<void>;
}

/** Resolves with the head, and once the subscription stands. */
export async function openEvents(simulator: Simulator, query = ''): Promise<EventStream> {
  const { socketPath } = simulator;
  const before = simulator.events.count();
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    http.get({ socketPath, path: `/v1.41/events${query}`, agent: false }, resolve).on('error', reject);
  });
  const lines: string[] = [];
  const chunks: Buffer[] = [];
  let over = false;
  let rest = '';
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    const parts = (rest + chunk.toString('latin1')).split('\n');
    rest = parts.pop()!;
    lines.push(...parts.map((part) => Buffer.from(part, 'latin1').toString()));
  });
  const finish = (): void => {
    over = true;
  };
  response.on('error', finish).on('close', finish);
  onTestFinished(() => void response.destroy());
  if (response.statusCode === 200) {
    await eventually('the subscription stands', () => over || simulator.events.count() > before);
  }
  const messages = (): Message[] => lines.map((line) => JSON.parse(line) as Message);
  return {
    lines,
    chunks,
    response,
    messages,
    actions: () =>
      messages().map(({ Type, Action }) => (Type === 'container' ? Action : `${Type}:${Action}`)),
    isOver: () => over,
    async close() {
      const open = simulator.events.count();
      response.destroy();
      await eventually('the engine has noticed', () => over && simulator.events.count() < open);
    },
  };
}

/** What the engine says while `work` is done; what comes within a moment after it counts. */
export async function actionsDuring(simulator: Simulator, work: () => Promise<unknown>): Promise<string[]> {
  const stream = await openEvents(simulator);
  await work();
  await quiet(stream);
  await stream.close();
  return stream.actions();
}

/** Resolves when no event has come for a moment. */
export async function quiet(stream: EventStream): Promise<void> {
  for (let count = -1; count !== stream.lines.length; await sleep(60)) count = stream.lines.length;
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** Asks a container's web server; rejects with the system's error. */
export function ask(
  address: string,
  path = '/',
  options: http.RequestOptions & { readonly body?: string | Buffer } = {},
): Promise<Answer> {
  const { body, port = 80, ...rest } = options;
  return new Promise((resolve, reject) => {
    const request = http.request({ host: address, port, path, agent: false, ...rest }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode = 0, headers } = response;
        resolve({ status: statusCode, headers, body: Buffer.concat(chunks).toString() });
      });
    });
    request.on('error', reject);
    request.setTimeout(10_000, () => request.destroy(new Error('no answer within 10 s')));
    request.end(body);
  });
}

/** A plain call of the API. */
export function call(simulator: Simulator, method: string, path: string, body?: unknown): Promise<Answer> {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  const text = body === undefined ? undefined : JSON.stringify(body);
  const { socketPath } = simulator;
  return ask('engine', path, { socketPath, method, headers, ...(text === undefined ? {} : { body: text }) });
}
