/** `/system` and `/traffic`: how Portolan itself is, and what it carries. */
import { z } from '@hono/zod-openapi';
import { type Api, define } from './define.ts';
import { verificationView, verifiedSchema } from './log.ts';
import type { ApiPorts } from './ports.ts';
import { orNull } from './views.ts';

const systemSchema = z
  .object({
    version: z.string(),
    node: z.string(),
    startedAt: z.string(),
    engine: z.object({
      id: z.string().nullable(),
      name: z.string(),
      version: z.string(),
      connected: z.boolean(),
      since: z.string(),
      reason: z.string(),
    }),
    trust: z.enum(['holding', 'confirmed', 'unconfirmed', 'distrusted']),
    log: z.object({
      position: z.number().int(),
      hash: z.string(),
      writable: z.boolean(),
      problem: z.string(),
      /** By whomever, since the start. */
      verified: orNull(verifiedSchema),
    }),
    proxy: z.object({ port: z.number().int() }),
    workers: z.number().int(),
    drifts: z.number().int(),
    projections: z.array(z.object({ name: z.string(), position: z.number().int(), problem: z.string() })),
    problems: z.array(z.string()),
  })
  .openapi('System');

const trafficSchema = z
  .object({
    seconds: z.number().int(),
    items: z.array(
      z.object({
        route: z.string(),
        host: z.string(),
        requestsPerSecond: z.number(),
        errorsPerSecond: z.number(),
        p50: z.number().nullable(),
        p99: z.number().nullable(),
      }),
    ),
  })
  .openapi('Traffic');

export function traffic(api: Api, ports: ApiPorts): void {
  define(
    api,
    {
      method: 'get',
      path: '/traffic',
      summary: 'What each route carried over the last seconds: rates a second, times in milliseconds',
      tag: 'system',
      answer: trafficSchema,
    },
    async () => ports.traffic(),
  );
}

export function system(api: Api, { status, queries, jobs, ...facts }: ApiPorts): void {
  define(
    api,
    {
      method: 'get',
      path: '/system',
      summary: 'Version, engine, log, workers, projections',
      tag: 'system',
      answer: systemSchema,
    },
    async () => {
      const engine = status.engine();
      const verified = jobs.verified();
      return {
        version: facts.version,
        node: process.version,
        startedAt: facts.startedAt.toISOString(),
        engine: { ...engine, since: new Date(engine.since).toISOString() },
        trust: status.trust(),
        log: { ...status.log(), verified: verified === null ? null : verificationView(verified) },
        proxy: { port: facts.httpPort },
        workers: facts.workers(),
        drifts: status.drifts(),
        projections: await queries.projections(),
        problems: status.problems(),
      };
    },
  );
}
