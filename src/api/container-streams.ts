/** A container's logs and stats as server-sent events, for as long as somebody listens. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { EngineError } from '../docker/engine.ts';
import { type Api, containerId, define } from './define.ts';
import { type Env, requireActor } from './guards.ts';
import type { ApiPorts } from './ports.ts';
import { toProblem } from './problem.ts';

/** Messages that wait for a slow client; what comes beyond is left out, and counted. */
const longestQueue = 1_000;

export function containerStreams(api: Api, { engine, commands }: ApiPorts): void {
  const shared = {
    method: 'get',
    tag: 'containers',
    params: { id: containerId },
    secured: true,
    answer: 'event-stream',
    problems: [404, 502, 503, 504],
  } as const;
  define(
    api,
    {
      ...shared,
      path: '/containers/{id}/logs',
      summary: 'Output of a container, then live: events `stdout` and `stderr`',
      query: {
        tail: z
          .string()
          .regex(/^\d{1,5}$/, 'a number of lines is allowed, at most 99999')
          .transform(Number)
          .default(100)
          .openapi({ type: 'integer' }),
        follow: z.enum(['true', 'false']).default('true'),
      },
    },
    async ({ params: { id }, query: { tail, follow } }, c) => {
      requireActor(c, commands);
      // One that is not there is a 404: once the stream has begun it is too late to say so.
      await engine.inspect(id);
      return relay(c, async (signal, send) => {
        await engine.logs(id, { tail, follow: follow === 'true', signal }, ({ stream, line }) =>
          send(stream, line),
        );
      });
    },
  );
  define(
    api,
    {
      ...shared,
      secured: false,
      path: '/containers/{id}/stats',
      summary: 'Resource use of a container, a sample a second',
    },
    async ({ params: { id } }, c) => {
      await engine.inspect(id);
      return relay(c, async (signal, send) => {
        await engine.stats(id, signal, (sample) => send('stats', JSON.stringify(sample)));
      });
    },
  );
}

type Send = (event: string, data: string) => void;

/** Streams what `source` sends until it ends, the engine fails or the client goes. */
function relay(c: Context<Env>, source: (signal: AbortSignal, send: Send) => Promise<void>): Response {
  return streamSSE(c, async (stream) => {
    const ending = new AbortController();
    stream.onAbort(() => ending.abort());
    const queue = createQueue(stream);
    try {
      await source(ending.signal, queue.send);
      await queue.flushed();
      await stream.writeSSE({ event: 'end', data: '' });
    } catch (error) {
      if (ending.signal.aborted) return;
      const problem = toProblem(error instanceof Error ? error : new EngineError(String(error), 502));
      if (problem === null) throw error;
      await stream.writeSSE({
        event: 'failed',
        data: JSON.stringify({ status: problem.status, detail: problem.message }),
      });
    }
  });
}

function createQueue(stream: SSEStreamingApi) {
  let waiting = 0;
  let left = 0;
  let last = Promise.resolve();
  const write = (event: string, data: string): void => {
    waiting += 1;
    last = last
      .then(() => stream.writeSSE({ event, data }))
      .finally(() => {
        waiting -= 1;
      });
  };
  return {
    send(event: string, data: string): void {
      if (waiting >= longestQueue) {
        left += 1;
        return;
      }
      if (left > 0) write('omitted', String(left));
      left = 0;
      write(event, data);
    },
    flushed: (): Promise<void> => last,
  };
}
