/** `/replays`: jobs that fold the log again. */
import { z } from '@hono/zod-openapi';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { JobPort, Replay } from '../control/port.ts';
import { decodeCursor, pageOf as pageOfRows } from '../queries/cursor.ts';
import type { Paging } from '../queries/port.ts';
import { type Api, define } from './define.ts';
import { requireActor } from './guards.ts';
import { pageOf, paging } from './paging.ts';
import type { ApiPorts } from './ports.ts';
import { Problem } from './problem.ts';
import { replayBody, replaySchema, shortSchema } from './replay-schemas.ts';

const tag = 'replays';
const params = { id: z.string().regex(/^[0-9a-f-]{36}$/, 'the id of a replay is allowed') };

export function replays(api: Api, { jobs, queries, commands }: ApiPorts): void {
  const found = (id: string): Replay => {
    const replay = jobs.get(id);
    if (replay === null) throw new Problem(404, `no replay has the id ${id}`);
    return replay;
  };

  define(
    api,
    {
      method: 'post',
      path: '/replays',
      summary: 'Fold the log again: rebuild the projections, compare them, or decide under another policy',
      tag,
      body: replayBody,
      secured: true,
      status: 202,
      answer: replaySchema,
      problems: [409],
    },
    async ({ body: { mode, until, policy: changes } }, c) => {
      requireActor(c, commands);
      const position = until === undefined ? undefined : await queries.positionAt(until);
      const replay = jobs.start({ mode, until: position, policy: changes as never });
      c.header('Location', `/api/v1/replays/${replay.id}`);
      return replay;
    },
  );
  define(
    api,
    {
      method: 'get',
      path: '/replays',
      summary: 'The last replays, newest first, and how much each found; one by its id says what',
      tag,
      query: paging,
      answer: pageOf(shortSchema),
    },
    async ({ query }) => cutReplays(jobs.list(), query),
  );
  define(
    api,
    {
      method: 'get',
      path: '/replays/{id}',
      summary: 'One replay',
      tag,
      params,
      answer: replaySchema,
      problems: [404],
    },
    async ({ params: { id } }) => found(id),
  );
  define(
    api,
    {
      method: 'delete',
      path: '/replays/{id}',
      summary: 'Cancel a replay',
      tag,
      params,
      secured: true,
      answer: replaySchema,
      problems: [404],
    },
    async ({ params: { id } }, c) => {
      requireActor(c, commands);
      return (await jobs.cancel(id)) ?? found(id);
    },
  );
  define(
    api,
    {
      method: 'get',
      path: '/replays/{id}/stream',
      summary: 'The progress of a replay as server-sent events, until it ends',
      tag,
      params,
      answer: 'event-stream',
      problems: [404],
    },
    async ({ params: { id } }, c) => {
      found(id);
      return streamSSE(c, (stream) => follow(jobs, id, stream));
    },
  );
}

/** As it is, then as it becomes; only the newest where somebody reads slowly. */
async function follow(jobs: JobPort, id: string, stream: SSEStreamingApi): Promise<void> {
  let newest = jobs.get(id);
  let wake = (): void => undefined;
  const unsubscribe = jobs.subscribe(id, (replay) => {
    newest = replay;
    wake();
  });
  stream.onAbort(() => wake());
  try {
    while (!stream.aborted) {
      const replay = newest;
      newest = null;
      if (replay !== null) {
        const event = replay.state === 'running' ? 'progress' : 'end';
        await stream.writeSSE({ event, data: JSON.stringify(replay) });
        if (event === 'end') return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    unsubscribe();
  }
}

/** @param replays newest first: those that were started since the page before stand before it */
function cutReplays(replays: readonly Replay[], { limit, cursor }: Paging) {
  const [after] = decodeCursor('replays', cursor, ['string']) ?? [null];
  const at = replays.findIndex(({ id }) => id === after);
  // One that is forgotten meanwhile was the oldest of all.
  const rest = after === null ? replays : at < 0 ? [] : replays.slice(at + 1);
  return pageOfRows('replays', rest, limit, inShort, ({ id }) => [id]);
}

function inShort({ result, ...replay }: Replay): z.infer<typeof shortSchema> {
  const { differences, routes, truncated } = (result ?? {}) as {
    readonly differences?: readonly unknown[];
    readonly routes?: readonly unknown[];
    readonly truncated?: boolean;
  };
  const found = (differences ?? routes)?.length;
  return { ...replay, ...(found === undefined ? {} : { found, truncated: truncated === true }) } as never;
}
