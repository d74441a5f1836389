/** `/events/stream`: history, then live, over one cursor. It is paged from the log, so that a slow client holds nothing up. */
import { streamSSE } from 'hono/streaming';
import { type Api, define } from './define.ts';
import { createEventTail } from './event-tail.ts';
import { positionSchema, withinLog } from './moment.ts';
import type { ApiPorts } from './ports.ts';
import { Problem } from './problem.ts';

/** Milliseconds between two signs of life on a quiet stream. */
const heartbeat = 10_000;

export function eventStream(api: Api, { queries, status }: ApiPorts): void {
  const tail = createEventTail(queries, status.subscribe);
  define(
    api,
    {
      method: 'get',
      path: '/events/stream',
      summary: 'The log as server-sent events: history, then live; `Last-Event-ID` resumes',
      tag: 'events',
      query: { after: positionSchema.optional() },
      answer: 'event-stream',
    },
    async ({ query }, c) => {
      const from = resumeFrom(c.req.header('last-event-id'), query.after, status.log().position);
      return streamSSE(c, async (stream) => {
        const bell = createBell();
        const unsubscribe = tail.subscribe(bell.ring);
        stream.onAbort(bell.ring);
        let after = from;
        try {
          while (!stream.aborted && !stream.closed) {
            const stretch = await tail.after(after);
            if (stretch !== null) {
              await stream.write(stretch.bytes);
              after = stretch.last;
            } else if (!(await bell.rung(heartbeat))) await stream.write(': alive\n\n');
          }
        } finally {
          unsubscribe();
        }
      });
    },
  );
}

/** The cursor is the position; `Last-Event-ID` comes first, as whoever resumes sends the `after` of the first time again. */
function resumeFrom(id: string | undefined, after = 0, head: number): number {
  if (id === undefined) return withinLog('after', after, head);
  if (/^\d{1,15}$/.test(id)) return withinLog('Last-Event-ID', Number(id), head);
  const message = `a position is allowed, as \`id:\` gave it: 0 to ${head}`;
  throw new Problem(400, `Last-Event-ID: ${message}`, [
    { field: 'Last-Event-ID', value: id.slice(0, 100), message },
  ]);
}

/** Remembers that it was rung until somebody has heard it. */
function createBell() {
  let ringing = false;
  let wake: (() => void) | null = null;
  return {
    ring: (): void => {
      ringing = true;
      wake?.();
    },
    /** @returns false if it was not rung within `timeout` ms */
    async rung(timeout: number): Promise<boolean> {
      if (!ringing) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        const timer = setTimeout(resolve, timeout);
        await promise;
        clearTimeout(timer);
        wake = null;
      }
      const heard = ringing;
      ringing = false;
      return heard;
    },
  };
}
