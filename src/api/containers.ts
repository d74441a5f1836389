/** `/containers`: as the engine has them now, each with its routes. */
import type { ContainerView } from '../docker/engine.ts';
import type { RefusalView, RouteView } from '../queries/port.ts';
import { type Api, containerId, define } from './define.ts';
import { pageOf, paging } from './paging.ts';
import type { ApiPorts } from './ports.ts';
import { Problem } from './problem.ts';
import { containerSchema, incarnationSchema } from './views.ts';

export function containers(api: Api, { engine, queries }: ApiPorts): void {
  const tag = 'containers';
  define(
    api,
    {
      method: 'get',
      path: '/containers',
      summary: 'Containers as the engine has them now',
      tag,
      answer: pageOf(containerSchema),
      problems: [502, 503, 504],
    },
    async () => {
      const [views, routed] = await Promise.all([engine.list(), findRouted()]);
      return { items: views.map((view) => withRoutes(view, routed)) };
    },
  );
  define(
    api,
    {
      method: 'get',
      path: '/containers/{id}',
      summary: 'One container',
      tag,
      params: { id: containerId },
      answer: containerSchema,
      problems: [404, 502, 503, 504],
    },
    async ({ params }) => {
      const [view, routed] = await Promise.all([engine.inspect(params.id), findRouted()]);
      return withRoutes(view, routed);
    },
  );
  define(
    api,
    {
      method: 'get',
      path: '/containers/{id}/incarnations',
      summary:
        'The containers that had this name, newest first, and how the configuration changed; also of removed ones',
      tag,
      params: { id: containerId },
      query: paging,
      answer: pageOf(incarnationSchema),
      problems: [404],
    },
    async ({ params: { id }, query }) => {
      const page = await queries.incarnations(id, query);
      if (page === null) throw new Problem(404, `no container is or was called ${id}`);
      return page;
    },
  );

  async function findRouted(): Promise<Routed> {
    const routes: RouteView[] = [];
    let cursor: string | undefined;
    do {
      const page = await queries.routes({ limit: 1_000, cursor });
      routes.push(...page.items);
      cursor = page.next;
    } while (cursor !== undefined);
    return { routes, refusals: await queries.refusals() };
  }
}

interface Routed {
  readonly routes: readonly RouteView[];
  readonly refusals: readonly RefusalView[];
}

const withRoutes = (view: ContainerView, { routes, refusals }: Routed) => ({
  ...view,
  routes: routes.filter((route) => route.targets.some((target) => target.container === view.id)),
  refusals: refusals.filter((refusal) => refusal.container === view.id),
});
