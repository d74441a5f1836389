/** `/events`: the log, filtered; one event and what it caused. */
import { z } from '@hono/zod-openapi';
import { type EventType, eventTypes } from '../events/event.ts';
import { cutPage } from '../queries/cursor.ts';
import { type Api, define } from './define.ts';
import { hostName } from './host-name.ts';
import { bounded, momentSchema, positionSchema, withinLog } from './moment.ts';
import { pageOf, paging } from './paging.ts';
import type { ApiPorts } from './ports.ts';
import { Problem } from './problem.ts';
import { eventSchema } from './views.ts';

const type = z.enum(eventTypes as [EventType, ...EventType[]]);
export const actorFilter = z
  .string()
  .regex(
    /^(engine|api|external|portolan)(:.{1,100})?$/,
    'engine, api, external or portolan is allowed, or KIND:NAME',
  );
export const containerFilter = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/, 'a container id or name is allowed');

export function events(api: Api, { queries, status }: ApiPorts): void {
  const tag = 'events';
  define(
    api,
    {
      method: 'get',
      path: '/events',
      summary: 'The log, filtered',
      tag,
      query: {
        ...paging,
        after: positionSchema.optional(),
        before: positionSchema.optional(),
        order: z.enum(['asc', 'desc']).default('asc'),
        type: type.optional(),
        container: containerFilter.optional(),
        host: hostName.optional(),
        actor: actorFilter.optional(),
        since: momentSchema.optional(),
        until: momentSchema.optional(),
      },
      answer: pageOf(eventSchema),
    },
    async ({ query }) => {
      if (query.after !== undefined) withinLog('after', query.after, status.log().position);
      return queries.events(bounded(query));
    },
  );
  define(
    api,
    {
      method: 'get',
      path: '/events/{position}',
      summary: 'One event',
      tag,
      params: { position: positionSchema },
      answer: eventSchema,
      problems: [404],
    },
    async ({ params: { position } }) => {
      const event = await queries.event(position);
      if (event === null)
        throw new Problem(404, `the log has no event that can be read at position ${position}`);
      return event;
    },
  );
  const chains = [
    [
      'consequences',
      'What an event caused, by exact causes',
      (position: number) => queries.consequences(position),
    ],
    [
      'causes',
      'What led to an event, from the root of the chain',
      (position: number) => queries.causes(position),
    ],
  ] as const;
  for (const [name, summary, find] of chains) {
    define(
      api,
      {
        method: 'get',
        path: `/events/{position}/${name}`,
        summary,
        tag,
        params: { position: positionSchema },
        query: paging,
        answer: pageOf(eventSchema),
        problems: [404],
      },
      async ({ params: { position }, query }) => {
        if ((await queries.event(position)) === null) {
          throw new Problem(404, `the log has no event that can be read at position ${position}`);
        }
        return cutPage('causes', await find(position), query, (event) =>
          `${event.position}`.padStart(15, '0'),
        );
      },
    );
  }
}
