/** `/containers`: as the engine has them now, each with its routes. */
import type { ContainerView } from '../docker/engine.ts';
import { cutPage } from '../queries/cursor.ts';
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
      summary: 'Containers as the engine has them now, by name',
      tag,
      query: paging,
      answer: pageOf(containerSchema),
      problems: [502, 503, 504],
    },
    async ({ query }) => {
      const [names, routed] = await Promise.all([engine.names(), findRouted()]);
      const { items, ...rest } = cutPage('containers', names, query, ({ name, id }) => `${name}/${id}`);
      const views = await engine.views(items.map(({ id }) => id));
      return { items: views.map((view) => withRoutes(view, routed)), ...rest };
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
    const routes = new Map<string, RouteView[]>();
    let cursor: string | undefined;
    do {
      const page = await queries.routes({ limit: 1_000, cursor });
      for (const route of page.items)
        for (const container of new Set(route.targets.map((target) => target.container)))
          addTo(routes, container, route);
      cursor = page.next;
    } while (cursor !== undefined);
    const refusals = new Map<string, RefusalView[]>();
    for (const refusal of await queries.refusals()) addTo(refusals, refusal.container, refusal);
    return { routes, refusals };
  }
}

/** By container. */
interface Routed {
  readonly routes: ReadonlyMap<string, readonly RouteView[]>;
  readonly refusals: ReadonlyMap<string, readonly RefusalView[]>;
}

function addTo<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

const withRoutes = (view: ContainerView, { routes, refusals }: Routed) => ({
  ...view,
  routes: routes.get(view.id) ?? [],
  refusals: refusals.get(view.id) ?? [],
});
