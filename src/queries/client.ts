/** Asks the reader thread, and joins what only the live side knows: refusals, sentences, whether routes are confirmed. */
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { BadCursor } from './cursor.ts';
import { QueryFailed } from './failed.ts';
import type { HostView, Page, ProjectionStatus, QueryPort, RefusalView, RouteView } from './port.ts';
import type { Question, Questions, Reply } from './reader.ts';
import type { HostRoutes } from './routes.ts';

/** The live side, on the calling thread. */
export interface Live {
  refusals(): readonly RefusalView[];
  /** Hosts that a container asks for now, routed or not. */
  hosts(): readonly string[];
  /** Why a host has no upstream; empty if it has one. */
  sentence(host: string): string;
  /** Whether the engine vouches for the open routes. */
  confirmed(): boolean;
  projections(): readonly ProjectionStatus[];
}

export interface Queries extends QueryPort {
  stop(): Promise<void>;
}

export function createQueries(dataDir: string, live: Live, logger: Logger): Queries {
  const reader = createAsker(dataDir, logger);
  const routeNow = (route: RouteView): RouteView =>
    route.state === 'open' && !live.confirmed() ? { ...route, state: 'unconfirmed' } : route;
  const refusalsOf = (host: string): RefusalView[] =>
    live.refusals().filter((one) => one.match?.host === host);

  function hostView({ host, routes }: HostRoutes): HostView {
    const refusals = refusalsOf(host);
    const now = routes.map(routeNow);
    const open = now.find((route) => route.state !== 'closed');
    const state = open?.state ?? (refusals.length > 0 ? 'refused' : 'closed');
    return { host, state, routes: now, refusals, sentence: open === undefined ? live.sentence(host) : '' };
  }

  return {
    async routes(filter) {
      const page = (await reader.ask('routes', filter)) as Page<RouteView>;
      return { ...page, items: page.items.map(routeNow) };
    },
    async route(id) {
      const route = (await reader.ask('route', id)) as RouteView | null;
      return route === null ? null : routeNow(route);
    },
    async hosts(paging) {
      const page = (await reader.ask('hosts', paging)) as Page<HostRoutes>;
      return { ...page, items: page.items.map(hostView) };
    },
    async host(host) {
      const found = (await reader.ask('host', host)) as HostRoutes | null;
      if (found !== null) return hostView(found);
      return live.hosts().includes(host) || refusalsOf(host).length > 0
        ? hostView({ host, routes: [] })
        : null;
    },
    history: (host, paging) => reader.ask('history', host, paging),
    refusals: async () => live.refusals(),
    events: (filter) => reader.ask('events', filter),
    event: (position) => reader.ask('event', position),
    consequences: (position) => reader.ask('consequences', position),
    audit: (filter) => reader.ask('audit', filter),
    log: () => reader.ask('log'),
    projections: async () => live.projections(),
    stop: () => reader.stop(),
  };
}

type Answer<Name extends keyof Questions> = ReturnType<Questions[Name]>;

function createAsker(dataDir: string, logger: Logger) {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let calls = 0;
  let stopping = false;
  let worker: Worker | null = null;

  function launch(): Worker {
    const thread = new Worker(new URL('./reader.ts', import.meta.url), {
      workerData: { dataDir },
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    thread.unref();
    thread.on('message', (reply: Reply) => {
      const call = waiting.get(reply.call);
      waiting.delete(reply.call);
      if (reply.kind === 'answer') call?.resolve(reply.value);
      else
        call?.reject(
          reply.kind === 'bad-cursor' ? new BadCursor(reply.message) : new QueryFailed(reply.message),
        );
    });
    thread.on('error', (error) =>
      logger.error({ err: error }, 'the thread that answers questions has failed'),
    );
    thread.on('exit', () => {
      worker = null;
      for (const call of waiting.values())
        call.reject(new QueryFailed('the thread that answers questions has ended'));
      waiting.clear();
    });
    return thread;
  }

  return {
    ask<Name extends keyof Questions>(
      name: Name,
      ...args: Parameters<Questions[Name]>
    ): Promise<Answer<Name>> {
      if (stopping) return Promise.reject(new QueryFailed('Portolan is ending'));
      worker ??= launch();
      calls += 1;
      const answer = Promise.withResolvers<unknown>();
      waiting.set(calls, answer);
      worker.postMessage({ call: calls, name, args } satisfies Question);
      return answer.promise as Promise<Answer<Name>>;
    },
    async stop() {
      stopping = true;
      if (worker === null) return;
      const exit = new Promise<void>((resolve) => worker!.once('exit', () => resolve()));
      worker.postMessage('stop');
      await exit;
    },
  };
}
