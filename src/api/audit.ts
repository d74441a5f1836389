/** `/audit`: who did what, when, with what outcome and consequences. */
import { type Api, define } from './define.ts';
import { actorFilter, containerFilter } from './events.ts';
import { bounded, momentSchema } from './moment.ts';
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
        since: momentSchema.optional(),
        until: momentSchema.optional(),
      },
      answer: pageOf(auditSchema),
    },
    ({ query }) => queries.audit(bounded(query)),
  );
}
