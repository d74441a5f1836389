/** `/system`: how Portolan itself is. */
import { z } from '@hono/zod-openapi';
import { type Api, define } from './define.ts';
import type { ApiPorts } from './ports.ts';

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
    }),
    workers: z.number().int(),
    drifts: z.number().int(),
    projections: z.array(z.object({ name: z.string(), position: z.number().int(), problem: z.string() })),
    problems: z.array(z.string()),
  })
  .openapi('System');

export function system(api: Api, { status, queries, version, startedAt, workers }: ApiPorts): void {
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
      return {
        version,
        node: process.version,
        startedAt: startedAt.toISOString(),
        engine: { ...engine, since: new Date(engine.since).toISOString() },
        trust: status.trust(),
        log: status.log(),
        workers: workers(),
        drifts: status.drifts(),
        projections: await queries.projections(),
        problems: status.problems(),
      };
    },
  );
}
