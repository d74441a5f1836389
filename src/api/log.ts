/** `/log`: its head and size, whether its chain holds, and all of it. */

import { once } from 'node:events';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { z } from '@hono/zod-openapi';
import type { JobPort } from '../control/port.ts';
import { type Api, define } from './define.ts';
import type { ApiPorts } from './ports.ts';
import { Problem } from './problem.ts';

type Verification = Awaited<ReturnType<JobPort['verify']>>;

const logSchema = z
  .object({
    position: z.number().int(),
    hash: z.string(),
    firstPosition: z.number().int(),
    events: z.number().int(),
    bytes: z.number().int(),
  })
  .openapi('Log');

const firstBad = z.object({ position: z.number().int(), reason: z.string() });

const verificationSchema = z
  .object({ valid: z.boolean(), checkedTo: z.number().int(), firstBad: firstBad.optional() })
  .openapi('Verification');

/** The last one, as `/system` tells it. */
export const verifiedSchema = verificationSchema.extend({ at: z.string() });

/** Without `firstBad` where the log is whole. */
export const verificationView = <V extends Verification>({ firstBad: bad, ...rest }: V) =>
  bad === null ? rest : { ...rest, firstBad: bad };

const expectHead = z
  .string()
  .regex(/^\d{1,15}:[0-9a-f]{64}$/, 'POSITION:HASH is allowed, as a head was noted')
  .transform((text) => ({ position: Number(text.split(':')[0]), hash: text.split(':')[1]! }))
  .openapi({ type: 'string' });

/** Exports at once: each has a thread. */
const mostExports = 4;

export function log(api: Api, { queries, jobs, exportLog }: ApiPorts): void {
  let exports = 0;
  /** @throws {Problem} 503: too many. @throws {LogUnusable} before anything is sent */
  async function beginExport(signal: AbortSignal): Promise<Readable> {
    if (exports >= mostExports)
      throw new Problem(503, `${mostExports} exports are running; ask again when one of them has ended`);
    const lines = exportLog(signal);
    exports += 1;
    lines.once('close', () => {
      exports -= 1;
    });
    await once(lines, 'readable').catch((error: Error) => {
      // Nobody is there any more to be told.
      if (!signal.aborted) throw error;
    });
    return lines;
  }

  define(
    api,
    {
      method: 'get',
      path: '/log',
      summary: 'Head and size of the log',
      tag: 'log',
      answer: logSchema,
      problems: [503],
    },
    () => queries.log(),
  );
  define(
    api,
    {
      method: 'post',
      path: '/log/verify',
      summary: "Check the log's chain, and that it still has a head that was noted elsewhere",
      tag: 'log',
      query: { expectHead: expectHead.optional() },
      answer: verificationSchema,
      problems: [409, 503],
    },
    async ({ query }) => verificationView(await jobs.verify(query.expectHead)),
  );
  define(
    api,
    {
      method: 'get',
      path: '/log/export',
      summary: 'All of the log as NDJSON; gzip where it is accepted',
      tag: 'log',
      answer: z.string(),
      problems: [503],
    },
    async (_, c) => {
      const lines = await beginExport(c.req.raw.signal);
      const gzip = /\bgzip\b/.test(c.req.header('accept-encoding') ?? '');
      const body = gzip ? lines.pipe(createGzip()).on('close', () => lines.destroy()) : lines;
      if (gzip) lines.on('error', (error) => body.destroy(error));
      return new Response(Readable.toWeb(body) as ReadableStream, {
        headers: {
          'Content-Type': 'application/x-ndjson',
          'Content-Disposition': 'attachment; filename="portolan.ndjson"',
          'Cache-Control': 'no-store',
          Vary: 'Accept-Encoding',
          ...(gzip ? { 'Content-Encoding': 'gzip' } : {}),
        },
      });
    },
  );
}
