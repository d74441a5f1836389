/** `/audit`: who did what, when, with what outcome and consequences. */
import { type Api, define } from './define.ts';
import { actorFilter, containerFilter } from './events.ts';
import { instantSchema } from './moment.ts';
import { pageOf, paging } from './paging.ts';
import type { ApiPorts } from './ports.ts';
import { auditSchema } from './views.ts';

export function audit(api: Api, { queries }: ApiPorts): void {
  define(
    api,
    {
      method: 'get',
      path: '/audit',
      summary: 'Who did what, newest first',
      tag: 'audit',
      query: {
        ...paging,
        actor: actorFilter.optional(),
        container: containerFilter.optional(),
        since: instantSchema.optional(),
        until: instantSchema.optional(),
      },
      answer: pageOf(auditSchema),
    },
    ({ query }) => queries.audit(query),
  );
}
