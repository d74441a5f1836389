/** `/diff`, `/timeline` and `/events/density`: what changed, and when how much happened. */
import { z } from '@hono/zod-openapi';
import { type Api, define } from './define.ts';
import { instantSchema, momentSchema } from './moment.ts';
import { pageOf, paging } from './paging.ts';
import type { ApiPorts } from './ports.ts';
import { Problem } from './problem.ts';
import { diffShape, timelineItemSchema } from './views.ts';

/** Up to now where no end is given. */
const stretch = { from: instantSchema, to: instantSchema.optional() };
const buckets = z
  .string()
  .regex(/^([1-9]\d{0,2}|1000)$/, 'a number from 1 to 1000 is allowed')
  .transform(Number)
  .openapi({ type: 'integer', default: 100 });
const density = z
  .object({
    from: z.string(),
    to: z.string(),
    buckets: z.array(z.object({ from: z.string(), to: z.string(), events: z.number().int() })),
  })
  .openapi('Density');

export function past(api: Api, { queries }: ApiPorts): void {
  define(
    api,
    {
      method: 'get',
      path: '/diff',
      summary: 'Routes added, removed and changed between two moments, each with its cause',
      tag: 'routes',
      query: { from: momentSchema, to: momentSchema.optional(), ...paging },
      answer: z.object({ ...diffShape, next: z.string().optional() }).openapi('Diff'),
    },
    ({ query: { from, to, ...page } }) => queries.diff(from, to, page),
  );
  define(
    api,
    {
      method: 'get',
      path: '/timeline',
      summary: 'Intervals of all hosts that touch a stretch of time',
      tag: 'routes',
      query: { ...stretch, ...paging },
      answer: pageOf(timelineItemSchema),
    },
    ({ query: { from, to, ...page } }) => queries.timeline(ordered(from, to), page),
  );
  define(
    api,
    {
      method: 'get',
      path: '/events/density',
      summary: 'How many events there were, bucket by bucket',
      tag: 'events',
      query: { ...stretch, buckets: buckets.optional() },
      answer: density,
    },
    ({ query }) => queries.density(ordered(query.from, query.to), query.buckets ?? 100),
  );
}

function ordered(from: number, to = Date.now()): { from: number; to: number } {
  if (from < to) return { from, to };
  const message = 'an instant before `to` is allowed';
  throw new Problem(400, `from: ${message}`, [
    { field: 'from', value: new Date(from).toISOString(), message },
  ]);
}
