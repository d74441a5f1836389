/** Reads containers for people: views, logs and stats, apart from what the watcher reads. */
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { readEngine } from './call.ts';
import { containerOf } from './container.ts';
import { type ContainerView, EngineError, type EngineReader } from './engine.ts';
import { toEngineError } from './failure.ts';
import { listContainers } from './list.ts';
import { createLogLines } from './log-lines.ts';
import { createNdjsonReader } from './ndjson.ts';
import { createNetworkDrivers } from './network-drivers.ts';
import { type Inspected, networkIdsOf, readInspected } from './observe.ts';
import { redactPatterns } from './redact.ts';
import type { Conceal } from './secrets.ts';
import { viewOf } from './view.ts';

export interface ReaderOptions {
  readonly docker: Docker;
  readonly conceal: Conceal;
  /** Milliseconds for a call that is no stream; 10 s if not given. */
  readonly deadline?: number | undefined;
}

/** Inspections under way at once for one call. */
const concurrency = 8;

export function createReader({ docker, conceal, deadline = 10_000 }: ReaderOptions): EngineReader {
  async function inspectRaw(id: string): Promise<Inspected> {
    const answer = await readEngine({ deadline, redact: redactPatterns }, (abortSignal) =>
      containerOf(docker, id).inspect({ abortSignal }),
    );
    return readInspected(answer);
  }
  const drivers = createNetworkDrivers({ docker, deadline });
  async function inspect(id: string): Promise<ContainerView> {
    const inspected = await inspectRaw(id);
    await drivers.learn(networkIdsOf(inspected));
    return viewOf(inspected, conceal, drivers.of);
  }

  return {
    inspect,
    names: () => listContainers(docker, deadline),
    async views(ids) {
      const views = await mapBounded(ids, concurrency, (id) => inspect(id).catch(goneIsNull));
      return views.filter((view) => view !== null);
    },
    async logs(id, { tail, follow, signal }, onLine) {
      const { Config } = await inspectRaw(id);
      const stream = await readEngine({ deadline, redact: redactPatterns }, (abortSignal) =>
        openLogs(docker, id, { tail, follow }, abortSignal),
      );
      const lines = createLogLines(Config.Tty, onLine);
      await follows(stream, signal, lines.feed);
      if (!signal.aborted) lines.end();
    },
    async stats(id, signal, onSample) {
      const stream = await readEngine({ deadline, redact: redactPatterns }, async (abortSignal) => {
        const query = { stream: true as const, abortSignal };
        return (await containerOf(docker, id).stats(query)) as unknown as Readable;
      });
      const reader = createNdjsonReader({
        onValue: (value) => onSample(value as Record<string, unknown>),
        onGarbage: (problem) => stream.destroy(new EngineError(`stats are not understood: ${problem}`, 502)),
      });
      await follows(stream, signal, reader.feed);
    },
  };
}

/** Removed between the list and its inspection. */
function goneIsNull(error: unknown): null {
  if (error instanceof EngineError && error.status === 404) return null;
  throw error;
}

/** dockerode buffers logs that are not followed; with `isStream` they come as they are, of any length. */
function openLogs(
  docker: Docker,
  id: string,
  { tail, follow }: { tail: number; follow: boolean },
  abortSignal: AbortSignal,
): Promise<Readable> {
  const { promise, resolve, reject } = Promise.withResolvers<Readable>();
  const options = {
    path: `/containers/${containerOf(docker, id).id}/logs?`,
    method: 'GET',
    options: { stdout: true, stderr: true, follow, tail },
    isStream: true,
    abortSignal,
    statusCodes: { 200: true },
  };
  docker.modem.dial(options as unknown as Parameters<typeof docker.modem.dial>[0], (error, stream) => {
    if (error) reject(error);
    else resolve(stream as Readable);
  });
  return promise;
}

/** Until the stream ends or `signal` aborts, which is no failure. */
async function follows(stream: Readable, signal: AbortSignal, feed: (chunk: Buffer) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => stream.destroy();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  stream.on('data', feed);
  stream.once('end', resolve);
  stream.once('error', (error) =>
    signal.aborted ? resolve() : reject(toEngineError(error, redactPatterns)),
  );
  stream.once('close', resolve);
  await promise.finally(() => signal.removeEventListener('abort', abort));
}

async function mapBounded<T, R>(
  items: readonly T[],
  bound: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(bound, items.length) }, worker));
  return results;
}
