/** `/resolve`: where a request would go, or went at a moment, by the proxy's own matcher. */
import { METHODS } from 'node:http';
import { z } from '@hono/zod-openapi';
import type { Host } from '../events/ids.ts';
import { resolution } from '../queries/resolution.ts';
import { parseHost } from '../routing/host.ts';
import { outcomeOf } from '../routing/outcome.ts';
import { type Api, define } from './define.ts';
import { momentSchema } from './moment.ts';
import type { ApiPorts } from './ports.ts';
import { targetSchema } from './views.ts';

const url = z
  .string()
  .max(8_192)
  .regex(
    /^http:\/\/[^/?#\s]+([/?][^#\s]*)?$/i,
    'an http URL is allowed, e.g. http://nginx1.docker.localhost/',
  );

const answer = z
  .object({
    status: z.number().int(),
    route: z.object({ id: z.string(), path: z.string() }).optional(),
    targets: z.array(targetSchema),
    sentence: z.string(),
  })
  .openapi('Resolution');

export function resolve(api: Api, { table, queries }: ApiPorts): void {
  define(
    api,
    {
      method: 'get',
      path: '/resolve',
      summary: 'Where a request would go',
      tag: 'routes',
      query: {
        url,
        method: z
          .string()
          .regex(/^[A-Z]{1,20}$/, 'a method is allowed, e.g. GET')
          .optional(),
        at: momentSchema.optional(),
      },
      answer,
    },
    async ({ query: { url: text, method = 'GET', at } }) => {
      const read = readUrl(text, method);
      if ('status' in read) return read;
      const { host, target } = read;
      if (at !== undefined) return queries.resolve(host, target, at);
      return resolution(host, outcomeOf(table(), host, target));
    },
  );
}

/** As `request-check.ts` has them: what the proxy's parser takes, which knows one of another protocol, too. */
const methods: ReadonlySet<string> = new Set(METHODS.filter((method) => method !== 'SOURCE'));

/** By the text alone: what the proxy would refuse before it looks at its table. */
function readUrl(text: string, method: string): { host: Host; target: string } | z.output<typeof answer> {
  const own = (status: number, sentence: string) => ({ status, targets: [], sentence });
  const [, authority, rest = '/'] = /^http:\/\/([^/?#]+)([/?].*)?$/i.exec(text)!;
  const host = parseHost(authority!);
  if (host === null) return own(400, 'Host is no host name.');
  if (!methods.has(method)) return own(400, 'the method is none of HTTP.');
  if (method === 'CONNECT') return own(405, 'CONNECT is not offered.');
  return { host, target: rest.startsWith('/') ? rest : `/${rest}` };
}
