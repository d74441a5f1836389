/** `/replays`: jobs that fold the log again. */
import { z } from '@hono/zod-openapi';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { Replay } from '../control/port.ts';
import { decodeCursor, pageOf as pageOfRows } from '../queries/cursor.ts';
import type { Paging } from '../queries/port.ts';
import { parseHost } from '../routing/host.ts';
import { type Api, define } from './define.ts';
import { requireActor } from './guards.ts';
import { momentSchema } from './moment.ts';
import { pageOf, paging } from './paging.ts';
import type { ApiPorts } from './ports.ts';
import { Problem } from './problem.ts';

const hostText = z
  .string()
  .refine((text) => parseHost(text) === text, 'a host name in lower case is allowed, e.g. docker.localhost');

const policy = z
  .strictObject({
    domain: hostText.optional(),
    expose: z.enum(['all', 'labeled']).optional(),
    allowedHosts: z.array(hostText).nullable().optional(),
    claimHold: z.number().int().min(0).max(86_400_000).optional(),
  })
  .openapi('PolicyChanges');

const body = z
  .strictObject({
    mode: z.enum(['rebuild', 'compare', 'what-if']),
    until: momentSchema.optional(),
    policy: policy.optional(),
  })
  .superRefine(({ mode, until, policy: changes }, context) => {
    const only = 'is for what-if only';
    if (mode !== 'what-if' && until !== undefined)
      context.addIssue({ code: 'custom', path: ['until'], message: only });
    if (mode !== 'what-if' && changes !== undefined)
      context.addIssue({ code: 'custom', path: ['policy'], message: only });
    if (mode === 'what-if' && Object.keys(changes ?? {}).length === 0)
      context.addIssue({ code: 'custom', path: ['policy'], message: 'what-if needs something that differs' });
  });

const replaySchema = z
  .object({
    id: z.string(),
    mode: z.enum(['rebuild', 'compare', 'what-if']),
    state: z.enum(['running', 'succeeded', 'failed', 'cancelled']),
    position: z.number().int(),
    head: z.number().int(),
    eventsPerSecond: z.number().int(),
    startedAt: z.string(),
    finishedAt: z.string().optional(),
    /** What a what-if was asked: the last position that it goes to, and what differs in its policy. */
    until: z.number().int().optional(),
    policy: policy.optional(),
    error: z.string().optional(),
    result: z.record(z.string(), z.unknown()).optional(),
  })
  .openapi('Replay');

/** Without what it found, which can be megabytes. */
const shortSchema = replaySchema
  .omit({ result: true })
  .extend({
    /** Rows of a comparison, routes of a what-if, that differ. */
    found: z.number().int().optional(),
    /** There are more than that. */
    truncated: z.boolean().optional(),
  })
  .openapi('ReplayInShort');

const tag = 'replays';
const params = { id: z.string().regex(/^[0-9a-f-]{36}$/, 'the id of a replay is allowed') };

export function replays(api: Api, { jobs, queries, commands }: ApiPorts): void {
  const refused = (reason: string): void => commands.refused(reason, { kind: 'api', name: 'unknown' });
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
      body,
      secured: true,
      status: 202,
      answer: replaySchema,
      problems: [409],
    },
    async ({ body: { mode, until, policy: changes } }, c) => {
      requireActor(c, refused);
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
      requireActor(c, refused);
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
      return streamSSE(c, (stream) => follow(id, stream));
    },
  );

  /** As it is, then as it becomes; only the newest where somebody reads slowly. */
  async function follow(id: string, stream: SSEStreamingApi): Promise<void> {
    let newest: Replay | null = found(id);
    let wake = (): void => undefined;
    const unsubscribe = jobs.subscribe(id, (replay) => {
      newest = replay;
      wake();
    });
    stream.onAbort(() => wake());
    try {
      while (!stream.aborted) {
        const replay: Replay | null = newest;
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
