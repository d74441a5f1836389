/** `/routes`: what is routed now, or was at a moment. */
import { z } from '@hono/zod-openapi';
import { cutPage } from '../queries/cursor.ts';
import { type Api, define } from './define.ts';
import { hostName } from './host-name.ts';
import { momentSchema } from './moment.ts';
import { pageOf, paging } from './paging.ts';
import type { ApiPorts } from './ports.ts';
import { Problem } from './problem.ts';
import { refusalSchema, routeSchema } from './views.ts';

const at = momentSchema.optional();
const past = (moment: unknown): string => (moment === undefined ? 'no route has' : 'by then no route had');

export function routes(api: Api, { queries }: ApiPorts): void {
  define(
    api,
    {
      method: 'get',
      path: '/routes',
      summary: 'Routes now, or as they were',
      tag: 'routes',
      query: { ...paging, host: hostName.optional(), at },
      answer: pageOf(routeSchema),
    },
    ({ query: { at, ...filter } }) =>
      at === undefined ? queries.routes(filter) : queries.routesAt(at, filter),
  );
  define(
    api,
    {
      method: 'get',
      path: '/routes/{routeId}',
      summary: 'One route, now or as it was',
      tag: 'routes',
      params: { routeId: z.string().regex(/^[0-9a-f]{16}$/, 'a route id is allowed: 16 hex digits') },
      query: { at },
      answer: routeSchema,
      problems: [404],
    },
    async ({ params, query }) => {
      const route = await queries.route(params.routeId, query.at);
      if (route === null) throw new Problem(404, `${past(query.at)} the id ${params.routeId}`);
      return route;
    },
  );
  define(
    api,
    {
      method: 'get',
      path: '/refusals',
      summary: 'Running containers that are not routed, each with the reason',
      tag: 'routes',
      query: { ...paging, at },
      answer: pageOf(refusalSchema),
    },
    async ({ query }) =>
      cutPage('refusals', await queries.refusals(query.at), query, ({ name, container, match }) =>
        [name, container, match?.host, match?.path].join('/'),
      ),
  );
}
