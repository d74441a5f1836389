/** `/routes` and `/hosts`: what is routed now, and what was. */
import { z } from '@hono/zod-openapi';
import type { Host } from '../events/ids.ts';
import { parseHost } from '../routing/host.ts';
import { type Api, define } from './define.ts';
import { pageOf, paging } from './paging.ts';
import type { ApiPorts } from './ports.ts';
import { Problem } from './problem.ts';
import { hostSchema, intervalSchema, refusalSchema, routeSchema } from './views.ts';

const hostName = z
  .string()
  .transform((text, context): Host => {
    const host = parseHost(text);
    if (host !== null) return host;
    context.addIssue({ code: 'custom', message: 'a host name is allowed, e.g. nginx1.docker.localhost' });
    return z.NEVER;
  })
  .openapi({ type: 'string' });

export function routes(api: Api, { queries }: ApiPorts): void {
  define(
    api,
    {
      method: 'get',
      path: '/routes',
      summary: 'Routes now',
      tag: 'routes',
      query: { ...paging, host: hostName.optional() },
      answer: pageOf(routeSchema),
    },
    ({ query }) => queries.routes(query),
  );
  define(
    api,
    {
      method: 'get',
      path: '/routes/{routeId}',
      summary: 'One route',
      tag: 'routes',
      params: { routeId: z.string().regex(/^[0-9a-f]{16}$/, 'a route id is allowed: 16 hex digits') },
      answer: routeSchema,
      problems: [404],
    },
    async ({ params }) => {
      const route = await queries.route(params.routeId);
      if (route === null) throw new Problem(404, `no route has the id ${params.routeId}`);
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
      answer: pageOf(refusalSchema),
    },
    async () => ({ items: await queries.refusals() }),
  );
}

export function hosts(api: Api, { queries }: ApiPorts): void {
  const params = { host: hostName };
  define(
    api,
    {
      method: 'get',
      path: '/hosts',
      summary: 'Hosts that are or were routed',
      tag: 'hosts',
      query: paging,
      answer: pageOf(hostSchema),
    },
    ({ query }) => queries.hosts(query),
  );
  define(
    api,
    {
      method: 'get',
      path: '/hosts/{host}',
      summary: 'One host',
      tag: 'hosts',
      params,
      answer: hostSchema,
      problems: [404],
    },
    async ({ params: { host } }) => {
      const found = await queries.host(host);
      if (found === null) throw new Problem(404, `no container has answered as ${host} so far`);
      return found;
    },
  );
  define(
    api,
    {
      method: 'get',
      path: '/hosts/{host}/history',
      summary: 'Intervals of a host, newest first',
      tag: 'hosts',
      params,
      query: paging,
      answer: pageOf(intervalSchema),
    },
    ({ params: { host }, query }) => queries.history(host, query),
  );
}
