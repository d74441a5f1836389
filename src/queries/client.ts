/** Asks the reader thread, and joins what only the live side knows: refusals, sentences, whether routes are confirmed. */
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { BadCursor } from './cursor.ts';
import { needsIndex } from './event-filter.ts';
import { QueryFailed } from './failed.ts';
import { Json } from './json.ts';
import { BadMoment } from './moment.ts';
import type { At, HostView, Page, ProjectionStatus, QueryPort, RefusalView, RouteView } from './port.ts';
import type { Questions } from './questions.ts';
import type { Question, Reply } from './reader.ts';
import type { HostRoutes } from './routes.ts';
import { ofMoments, type Stale } from './stale.ts';

/** The live side, on the calling thread. */
export interface Live {
  refusals(): readonly RefusalView[];
  /** Hosts that a container asks for now, routed or not. */
  hosts(): readonly string[];
  /** Why a host has no upstream; empty if it has one. */
  sentence(host: string): string;
  /** Whether the engine vouches for the open routes, and what it tells is recorded. */
  confirmed(): boolean;
  /** Whether requests are forwarded: on another boot of the machine nothing is, until the engine has told what is running. */
  serves(): boolean;
  /** Why what is recorded may not be how things are now, as a sentence; empty if it is. */
  caveat(): string;
  projections(): readonly ProjectionStatus[];
  /**
   * Up to which position answers know the log where that is not nearly all of it, and why; else null.
   * @param names of the projections that are meant; all if not given
   */
  stale(names?: ReadonlySet<string>): Stale | null;
  /** Resolves once the projections have taken in what is recorded by now, or are too far behind to wait for. */
  caughtUp(): Promise<unknown>;
  /** The projections' file is damaged, or another one stands in its place or none: makes it again. */
  projectionsFailed?(how: 'damaged' | 'moved'): void;
}

/** Milliseconds after which a question is given up, and the thread with it. */
const deadline = 15_000;

export interface Queries extends QueryPort {
  stop(): Promise<void>;
}

export function createQueries(dataDir: string, live: Live, logger: Logger): Queries {
  const reader = createAsker(dataDir, logger, (how) => live.projectionsFailed?.(how));
  /** What somebody was told to be recorded, the next question sees. */
  async function ask<Name extends keyof Questions>(
    name: Name,
    ...args: Parameters<Questions[Name]>
  ): Promise<Answer<Name>> {
    await live.caughtUp();
    return reader.ask(name, ...args);
  }
  async function write<Name extends keyof Questions>(
    name: Name,
    ...args: Parameters<Questions[Name]>
  ): Promise<Json<Answer<Name>>> {
    await live.caughtUp();
    return reader.write(name, ...args);
  }
  /**
   * What was before must not pass for how it was at a moment that the projections do not know yet.
   * @throws {QueryFailed}
   */
  async function known(at: At | 'now' | undefined): Promise<void> {
    if (at === undefined) return;
    const stale = live.stale(ofMoments);
    if (stale === null) return;
    const position = at === 'now' ? (await reader.ask('log')).position : await reader.ask('positionAt', at);
    if (position <= stale.position) return;
    throw new QueryFailed(
      `position ${position} cannot be told: the projections know the log up to position ${stale.position} (${stale.reason})`,
      `position:N is allowed, up to ${stale.position}; later ones once they follow again`,
    );
  }
  async function askAt<Name extends keyof Questions>(
    at: At | 'now' | undefined,
    name: Name,
    ...args: Parameters<Questions[Name]>
  ): Promise<Answer<Name>> {
    await known(at);
    return ask(name, ...args);
  }
  async function writeAt<Name extends keyof Questions>(
    at: At | 'now' | undefined,
    name: Name,
    ...args: Parameters<Questions[Name]>
  ): Promise<Json<Answer<Name>>> {
    await known(at);
    return write(name, ...args);
  }
  const routeNow = (route: RouteView): RouteView =>
    route.state === 'open' && !live.confirmed() ? { ...route, state: 'unconfirmed' } : route;
  const refusalsOf = (host: string): RefusalView[] =>
    live.refusals().filter((one) => one.match?.host === host);

  /** The live side knows why there is no upstream, not whether there is one that the projections do not know yet. */
  const sentenceOf = (host: string): string =>
    live.stale(ofMoments) === null ? live.sentence(host) : ofNow(live.sentence(host));

  function hostView({ host, routes }: HostRoutes): HostView {
    const refusals = refusalsOf(host);
    const now = routes.map(routeNow);
    const open = now.find((route) => route.state !== 'closed');
    const state = open?.state ?? (refusals.length > 0 ? 'refused' : 'closed');
    return { host, state, routes: now, refusals, sentence: open === undefined ? sentenceOf(host) : '' };
  }

  /** What is said of now, with what that leaves open. */
  const ofNow = (sentence: string): string => [sentence, live.caveat()].filter(Boolean).join(' ');
  const hostNow = (host: HostView): HostView => ({ ...host, sentence: ofNow(host.sentence) });

  return {
    // What is not served now is told as the past tells of such a moment.
    async routes(filter) {
      if (!live.serves()) return ask('routesAt', undefined, filter);
      const page = (await ask('routes', filter)) as Page<RouteView>;
      return { ...page, items: page.items.map(routeNow) };
    },
    routesAt: (at, filter) => writeAt(at, 'routesAt', at, filter),
    async route(id, at) {
      if (at !== undefined || !live.serves()) return askAt(at, 'routeAt', at, id);
      const route = (await ask('route', id)) as RouteView | null;
      return route === null ? null : routeNow(route);
    },
    async hosts(paging) {
      if (!live.serves()) {
        const page = await ask('hostsAt', undefined, paging);
        return { ...page, items: page.items.map(hostNow) };
      }
      const page = (await ask('hosts', paging)) as Page<HostRoutes>;
      return { ...page, items: page.items.map(hostView) };
    },
    hostsAt: (at, paging) => writeAt(at, 'hostsAt', at, paging),
    async host(host, at) {
      if (at !== undefined) return askAt(at, 'hostAt', at, host);
      if (!live.serves()) {
        const known = await ask('hostAt', undefined, host);
        return known === null ? null : hostNow(known);
      }
      const found = (await ask('host', host)) as HostRoutes | null;
      if (found !== null) return hostView(found);
      return live.hosts().includes(host) || refusalsOf(host).length > 0
        ? hostView({ host, routes: [] })
        : null;
    },
    history: (host, paging) => write('history', host, paging),
    refusals: async (at) => (at === undefined ? live.refusals() : askAt(at, 'refusalsAt', at)),
    resolve: (host, target, at) => askAt(at, 'resolveAt', at, host, target),
    positionAt: (at) => ask('positionAt', at),
    async why(host, at) {
      const why = await askAt(at, 'why', host, at);
      return at === undefined ? { ...why, sentence: ofNow(why.sentence) } : why;
    },
    // It ends at a moment also where that is now.
    diff: (from, to, paging) => writeAt(to ?? 'now', 'diff', from, to, paging),
    hostDiff: (host, at) => askAt(at ?? 'now', 'hostDiff', host, at),
    timeline: (stretch, paging) => write('timeline', stretch, paging),
    density: (stretch, buckets) => ask('density', stretch, buckets),
    // The log itself is never behind.
    events: (filter) => (needsIndex(filter) ? write('events', filter) : reader.write('recorded', filter)),
    following: (position, limit) => reader.ask('following', position, limit),
    event: (position) => reader.ask('event', position),
    consequences: (position) => reader.ask('consequences', position),
    causes: (position) => reader.ask('causes', position),
    audit: (filter) => write('audit', filter),
    incarnations: (container, paging) => ask('incarnations', container, paging),
    log: () => reader.ask('log'),
    projections: async () => live.projections(),
    stale: () => live.stale(),
    stop: () => reader.stop(),
  };
}

type Answer<Name extends keyof Questions> = ReturnType<Questions[Name]>;

interface Call {
  readonly asked: Worker;
  readonly answer: PromiseWithResolvers<unknown>;
  readonly timer: NodeJS.Timeout;
}

function createAsker(dataDir: string, logger: Logger, onFailed: (how: 'damaged' | 'moved') => void) {
  const waiting = new Map<number, Call>();
  let calls = 0;
  let stopping = false;
  let worker: Worker | null = null;

  function launch(): Worker {
    const thread = new Worker(new URL('./reader.ts', import.meta.url), {
      workerData: { dataDir },
      resourceLimits: { maxYoungGenerationSizeMb: 6 },
    });
    thread.unref();
    thread.on('message', receive);
    thread.on('error', (error) =>
      logger.error({ err: error }, 'the thread that answers questions has failed'),
    );
    thread.on('exit', () => {
      if (worker === thread) worker = null;
      const lost = [...waiting].filter(([, { asked }]) => asked === thread);
      for (const [call] of lost) fail(call, 'the thread that answers questions has ended');
    });
    return thread;
  }

  function receive(reply: Reply): void {
    if (reply.kind === 'moved') onFailed('moved');
    else if (reply.kind === 'answer' || reply.kind === 'written') settle(reply.call)?.resolve(reply.value);
    else if (reply.kind === 'bad-moment')
      settle(reply.call)?.reject(new BadMoment(reply.message, reply.field));
    else if (reply.kind === 'bad-cursor') settle(reply.call)?.reject(new BadCursor(reply.message));
    else {
      logger.error({ problem: reply.message }, 'a question could not be answered');
      if (reply.kind === 'damaged') onFailed('damaged');
      fail(reply.call, 'the question could not be answered');
    }
  }

  function settle(call: number): PromiseWithResolvers<unknown> | undefined {
    const found = waiting.get(call);
    clearTimeout(found?.timer);
    waiting.delete(call);
    return found?.answer;
  }

  const fail = (call: number, message: string): void => settle(call)?.reject(new QueryFailed(message));

  /** A thread that does not answer is of no use any more. */
  function giveUp(call: number): void {
    const stuck = waiting.get(call)?.asked;
    if (worker === stuck) worker = null;
    void stuck?.terminate();
    fail(call, `not answered within ${deadline / 1_000} s`);
  }

  function send(name: keyof Questions, args: readonly unknown[], written: boolean): Promise<unknown> {
    if (stopping) return Promise.reject(new QueryFailed('Portolan is ending'));
    worker ??= launch();
    calls += 1;
    const call = calls;
    const answer = Promise.withResolvers<unknown>();
    waiting.set(call, { asked: worker, answer, timer: setTimeout(() => giveUp(call), deadline).unref() });
    worker.postMessage({ call, name, args, written } satisfies Question);
    return answer.promise;
  }

  return {
    ask: <Name extends keyof Questions>(name: Name, ...args: Parameters<Questions[Name]>) =>
      send(name, args, false) as Promise<Answer<Name>>,
    /** As JSON text. */
    write: async <Name extends keyof Questions>(name: Name, ...args: Parameters<Questions[Name]>) =>
      new Json<Answer<Name>>((await send(name, args, true)) as Uint8Array<ArrayBuffer>),
    async stop() {
      stopping = true;
      if (worker === null) return;
      const exit = new Promise<void>((resolve) => worker!.once('exit', () => resolve()));
      worker.postMessage('stop');
      await exit;
    },
  };
}
