/** The management API: root on the machine, so every call passes the guards before anything else. */

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { staleText } from '../queries/stale.ts';
import { audit } from './audit.ts';
import { commands } from './commands.ts';
import { containerStreams } from './container-streams.ts';
import { containers } from './containers.ts';
import { dashboard } from './dashboard.ts';
import type { Api } from './define.ts';
import { eventStream } from './event-stream.ts';
import { events } from './events.ts';
import { bodyGuard, type Env, hostGuard, identify, originGuard } from './guards.ts';
import { health } from './health.ts';
import { hostReasons, hosts } from './hosts.ts';
import { log } from './log.ts';
import { headGuard, nothingHere } from './methods.ts';
import { pages, session } from './pages.ts';
import { past } from './past.ts';
import type { ApiPorts } from './ports.ts';
import { problemAnswer, toProblem, validationProblem } from './problem.ts';
import { replays } from './replays.ts';
import { resolve } from './resolve.ts';
import { routes } from './routes.ts';
import { system, traffic } from './system.ts';

export interface ApiServer {
  readonly address: string;
  readonly port: number;
  /** Ends streams and connections. */
  stop(): Promise<void>;
}

export interface ApiOptions {
  readonly host: string;
  readonly port: number;
  /** Names and addresses under which the API is called, without port. */
  readonly names: readonly string[];
}

export function createApiApp(options: Pick<ApiOptions, 'names'>, ports: ApiPorts): OpenAPIHono<Env> {
  const app = newApp(ports);
  app.use(
    sign(ports.queries),
    headGuard(),
    hostGuard(new Set(options.names), ports.commands),
    originGuard(ports.commands),
  );
  app.use(identify(ports.token, ports.sessions, ports.commands), bodyGuard());
  app.route('/api/v1', resources(ports));
  health(app, ports);
  app.get('/metrics', async (c) =>
    c.text(await ports.metrics.metrics(), 200, { 'Content-Type': ports.metrics.contentType }),
  );
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' });
  const info = { openapi: '3.1.0', info: { title: 'Portolan', version: ports.version } };
  app.doc31('/openapi.json', info);
  pages(app, ports.sessions, () => app.getOpenAPI31Document(info));
  dashboard(app);
  return app;
}

/** @throws {Error} with the system's `code` if the port cannot be had */
export async function startApi(options: ApiOptions, ports: ApiPorts): Promise<ApiServer> {
  const app = createApiApp(options, ports);
  const listening = Promise.withResolvers<AddressInfo>();
  const server = serve(
    { fetch: app.fetch, hostname: options.host, port: options.port },
    listening.resolve,
  ) as Server;
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  server.once('error', listening.reject);
  const { address, port } = await listening.promise;
  return {
    address,
    port,
    async stop() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * Tells a client that it has found Portolan's API, and no other program on its port, also where the answer is a refusal;
 * and what lists lack, which have no place for that.
 */
const sign =
  ({ stale }: Pick<ApiPorts['queries'], 'stale'>): MiddlewareHandler<Env> =>
  async (c, next) => {
    await next();
    c.res.headers.set('Portolan-Api', 'v1');
    const lacking = stale();
    if (lacking !== null) c.res.headers.set('Portolan-Stale', staleText(lacking));
  };

/** The stream before the single event: `stream` is no position. */
function resources(ports: ApiPorts): Api {
  const api = newApp(ports);
  containers(api, ports);
  containerStreams(api, ports);
  commands(api, ports);
  routes(api, ports);
  hosts(api, ports);
  hostReasons(api, ports);
  past(api, ports);
  resolve(api, ports);
  eventStream(api, ports);
  events(api, ports);
  audit(api, ports);
  system(api, ports);
  traffic(api, ports);
  log(api, ports);
  replays(api, ports);
  session(api, ports);
  return api;
}

function newApp({ logger }: ApiPorts): OpenAPIHono<Env> {
  const app = new OpenAPIHono<Env>({
    defaultHook: (result, c) => {
      if (result.success) return;
      // A value of a body may be a secret, and is not repeated.
      const sent =
        result.target === 'query' ? c.req.query() : result.target === 'param' ? c.req.param() : null;
      throw validationProblem(result.error as never, result.target, sent);
    },
  });
  app.notFound(nothingHere(app));
  app.onError((error, c) => {
    const problem = toProblem(error);
    if (problem !== null) return problemAnswer(c, problem);
    logger.error({ err: error, path: c.req.path }, 'a call to the API failed');
    return problemAnswer(c, {
      status: 500,
      message: 'this is a defect of Portolan; its log says more',
      errors: [],
    });
  });
  return app;
}
