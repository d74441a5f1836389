/** Recorded traces of a real engine: see test/support/setup/record-traces.ts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createNdjsonReader } from '../../src/docker/ndjson.ts';
import { type EngineMessage, readMessage } from '../../src/docker/signals.ts';

export interface Trace {
  readonly name: string;
  readonly messages: readonly EngineMessage[];
  readonly inspections: readonly {
    readonly container: string;
    readonly status: number;
    readonly body: unknown;
  }[];
  readonly list: readonly unknown[];
}

const folder = join(import.meta.dirname, '../fixtures/traces');

export const traceNames = readdirSync(folder)
  .filter((file) => file.endsWith('.ndjson'))
  .map((file) => file.replace('.ndjson', ''));

export function readTrace(name: string): Trace {
  const messages: EngineMessage[] = [];
  const inspections: { container: string; status: number; body: unknown }[] = [];
  let list: unknown[] = [];
  const events = createNdjsonReader({
    onValue: (value) => messages.push(readMessage(value) ?? fail(name, value)),
    onGarbage: (problem) => fail(name, problem),
  });
  for (const text of readFileSync(join(folder, `${name}.ndjson`), 'utf8')
    .trim()
    .split('\n')) {
    const line = JSON.parse(text) as {
      event?: string;
      inspect?: string;
      status?: number;
      body?: unknown;
      list?: unknown[];
    };
    if (line.event !== undefined) events.feed(Buffer.from(`${line.event}\n`));
    if (line.inspect !== undefined)
      inspections.push({ container: line.inspect, status: line.status!, body: line.body });
    if (line.list !== undefined) list = line.list;
  }
  return { name, messages, inspections, list };
}

function fail(name: string, what: unknown): never {
  throw new Error(`the trace ${name} holds what is not understood: ${JSON.stringify(what)}`);
}
