/** `/hosts`: where each goes or went, why, and what changed since it last worked. */
import { z } from '@hono/zod-openapi';
import { neverSeen } from '../routing/outcome.ts';
import { type Api, define } from './define.ts';
import { hostName } from './host-name.ts';
import { momentSchema } from './moment.ts';
import { pageOf, paging } from './paging.ts';
import type { ApiPorts } from './ports.ts';
import { Problem } from './problem.ts';
import { diffShape, endSchema, eventSchema, hostSchema, intervalSchema } from './views.ts';

const params = { host: hostName };
const at = momentSchema.optional();
const tag = 'hosts';
const unknown = (host: string): Problem => new Problem(404, neverSeen(host).replace(/\.$/, ''));

export function hosts(api: Api, { queries }: ApiPorts): void {
  define(
    api,
    {
      method: 'get',
      path: '/hosts',
      summary: 'Hosts that are or were routed',
      tag,
      query: { ...paging, at },
      answer: pageOf(hostSchema),
    },
    ({ query: { at, ...page } }) => (at === undefined ? queries.hosts(page) : queries.hostsAt(at, page)),
  );
  define(
    api,
    {
      method: 'get',
      path: '/hosts/{host}',
      summary: 'One host, now or as it was',
      tag,
      params,
      query: { at },
      answer: hostSchema,
      problems: [404],
    },
    async ({ params: { host }, query }) => {
      const found = await queries.host(host, query.at);
      if (found === null) throw unknown(host);
      return found;
    },
  );
  define(
    api,
    {
      method: 'get',
      path: '/hosts/{host}/history',
      summary: 'Intervals of a host, newest first',
      tag,
      params,
      query: paging,
      answer: pageOf(intervalSchema),
    },
    ({ params: { host }, query }) => queries.history(host, query),
  );
}

export function hostReasons(api: Api, { queries, table }: ApiPorts): void {
  define(
    api,
    {
      method: 'get',
      path: '/hosts/{host}/why',
      summary: 'Why a host is as it is: one sentence, and the events that led to it',
      tag,
      params,
      query: { at },
      answer: z.object({ sentence: z.string(), chain: z.array(eventSchema) }).openapi('Why'),
    },
    async ({ params: { host }, query }) => {
      const why = await queries.why(host, query.at);
      // A container that is being ended is out of the proxy's table before the log says so.
      const told = query.at === undefined ? (table().hosts.get(host)?.sentence ?? '') : '';
      if (told === '' || (await queries.host(host))?.state !== 'open') return why;
      return { ...why, sentence: `${why.sentence} Now ${told}` };
    },
  );
  define(
    api,
    {
      method: 'get',
      path: '/hosts/{host}/diff',
      summary: 'What changed since the host last had an upstream',
      tag,
      params,
      query: { at },
      answer: z.object({ ...diffShape, lastWorked: endSchema }).openapi('HostDiff'),
      problems: [404],
    },
    async ({ params: { host }, query }) => {
      const found = await queries.hostDiff(host, query.at);
      if (found === null) throw unknown(host);
      return found;
    },
  );
}
