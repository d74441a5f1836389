/** `/resolve`: where a request would go now, by the proxy's own matcher. */
import { z } from '@hono/zod-openapi';
import { parseHost } from '../routing/host.ts';
import { hasAmbiguousPath, hasPathRules, match } from '../routing/match.ts';
import type { RoutingTable } from '../routing/table.ts';
import { type Api, define } from './define.ts';
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

export function resolve(api: Api, { table }: ApiPorts): void {
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
      },
      answer,
    },
    async ({ query }) => resolveUrl(table(), query.url, query.method ?? 'GET'),
  );
}

function resolveUrl(table: RoutingTable, text: string, method: string): z.output<typeof answer> {
  const own = (status: number, sentence: string) => ({ status, targets: [], sentence });
  const [, authority, rest = '/'] = /^http:\/\/([^/?#]+)([/?].*)?$/i.exec(text)!;
  const host = parseHost(authority!);
  if (host === null) return own(400, 'Host is no host name.');
  if (method === 'CONNECT') return own(405, 'CONNECT is not offered.');
  if (table.trust === 'distrusted' || table.trust === 'holding') {
    return own(503, 'the Docker engine has not told yet what is running.');
  }
  const path = (rest.startsWith('/') ? rest : `/${rest}`).split('?')[0]!;
  const found = match(table, host, path);
  if (found.kind === 'unknown') return own(404, `no container has answered as ${host} so far.`);
  if (hasPathRules(found.entry) && hasAmbiguousPath(path)) {
    return own(400, 'the path has dot segments or encoded separators, on a host that routes by path.');
  }
  if (found.kind === 'no-path') return own(404, `no route of ${host} covers this path.`);
  if (found.kind === 'down') return own(503, found.sentence);
  const { id, targets } = found.route;
  const names = targets.map((target) => target.name).join(', ');
  const sentence = `${host} goes to ${names}.`;
  return { status: 200, route: { id, path: found.route.path }, targets: [...targets], sentence };
}
