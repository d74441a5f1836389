/** Commands on containers: create, start, stop, restart, pause, unpause, kill, remove. Each is recorded, with its outcome. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { Command, CommandOptions } from '../control/port.ts';
import { type Api, containerId, define, engineName } from './define.ts';
import { type Env, requireActor } from './guards.ts';
import type { ApiPorts } from './ports.ts';
import { Problem, toProblem } from './problem.ts';
import { commandSchema } from './views.ts';

const variable = z.string().regex(/^[^=\0]+$/, 'a variable name without = is allowed');

/** An `@` stands before a digest alone: a user and a password would be recorded with the command. */
const imageReference = /^\w[\w.\-/:]*(@[A-Za-z][\w+.-]*:[0-9a-fA-F]{32,})?$/;

const createSchema = z
  .strictObject({
    image: z.string().min(1).max(512).regex(imageReference, 'an image reference is allowed, e.g. nginx:1.27'),
    name: engineName('container name').optional(),
    env: z.record(variable, z.string()).optional(),
    labels: z.record(z.string().min(1), z.string()).optional(),
    cmd: z.array(z.string()).max(1_000).optional(),
    network: engineName('network name').optional(),
    pull: z.enum(['missing', 'always', 'never']).default('missing'),
    start: z.boolean().default(true),
  })
  .openapi('CreateContainer');

const signal = z
  .string()
  .regex(/^((SIG)?[A-Z0-9+-]{2,12}|\d{1,2})$/, 'a signal is allowed, e.g. SIGTERM or 15')
  .optional();

const flag = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .optional()
  .openapi({ type: 'boolean' });

const problems = [404, 409, 413, 415, 422, 502, 503, 504];

export function commands(api: Api, ports: ApiPorts): void {
  const tag = 'commands';

  const run = (c: Context<Env>, command: Command, options: CommandOptions = {}) =>
    ports.commands.execute(command, requireActor(c, ports.commands), {
      ...options,
      idempotencyKey: keyOf(c),
    });

  define(
    api,
    {
      method: 'post',
      path: '/containers',
      summary: 'Create a container, pull its image if need be, and start it',
      tag,
      body: createSchema,
      secured: true,
      status: 201,
      answer: commandSchema,
      problems,
    },
    async ({ body }, c) => {
      const command = { kind: 'create', parameters: body } as const;
      requireActor(c, ports.commands);
      if (/\btext\/event-stream\b/.test(c.req.header('accept') ?? '')) return progress(c, command);
      const outcome = await run(c, command);
      c.header('Location', `/api/v1/containers/${outcome.container}`);
      return outcome;
    },
  );

  /** The pull's progress as it comes, then `done` with the outcome or `failed` with the problem. */
  function progress(c: Context<Env>, command: Command): Response {
    return streamSSE(c, async (stream) => {
      // Lines that the client does not take in time are left out: only the latest of each layer matters.
      let writing = Promise.resolve();
      let behind = 0;
      const onProgress: CommandOptions['onProgress'] = (line) => {
        if (behind > 20) return;
        behind += 1;
        writing = writing
          .then(() => stream.writeSSE({ event: 'progress', data: JSON.stringify(line) }))
          .finally(() => {
            behind -= 1;
          });
      };
      try {
        const outcome = await run(c, command, { onProgress });
        await writing;
        await stream.writeSSE({ event: 'done', data: JSON.stringify(outcome) });
      } catch (error) {
        const problem = toProblem(error);
        if (problem === null) throw error;
        await writing;
        const { status, message } = problem;
        await stream.writeSSE({ event: 'failed', data: JSON.stringify({ status, detail: message }) });
      }
    });
  }

  for (const kind of ['start', 'pause', 'unpause'] as const) {
    define(api, lifecycle(kind, `${kind} a container`), ({ params }, c) =>
      run(c, { kind, container: params.id }),
    );
  }
  for (const kind of ['stop', 'restart'] as const) {
    define(
      api,
      { ...lifecycle(kind, `${kind} a container`), query: { timeout: secondsQuery } },
      ({ params, query }, c) => run(c, { kind, container: params.id, timeout: query.timeout }),
    );
  }
  define(
    api,
    { ...lifecycle('kill', 'send a signal to a container'), query: { signal } },
    ({ params, query }, c) => run(c, { kind: 'kill', container: params.id, signal: query.signal }),
  );
  define(
    api,
    {
      method: 'delete',
      path: '/containers/{id}',
      summary: 'remove a container',
      tag,
      params: { id: containerId },
      query: { force: flag, volumes: flag },
      secured: true,
      answer: commandSchema,
      problems,
    },
    ({ params, query }, c) =>
      run(c, { kind: 'remove', container: params.id, force: query.force, volumes: query.volumes }),
  );
}

const secondsQuery = z
  .string()
  .regex(/^\d{1,4}$/, 'seconds are allowed: a number from 0 to 3600')
  .transform(Number)
  .pipe(z.number().max(3_600, 'seconds are allowed: a number from 0 to 3600'))
  .optional()
  .openapi({ type: 'integer' });

const lifecycle = (kind: string, summary: string) =>
  ({
    method: 'post',
    path: `/containers/{id}/${kind}`,
    summary,
    tag: 'commands',
    params: { id: containerId },
    secured: true,
    answer: commandSchema,
    problems,
  }) as const;

/** draft-ietf-httpapi-idempotency-key-header; quotes around the key are optional here. */
function keyOf(c: Context<Env>): string | undefined {
  const key = c.req.header('idempotency-key')?.replace(/^"(.*)"$/, '$1');
  if (key === undefined || /^[!-~]{1,255}$/.test(key)) return key;
  const message = '1 to 255 printable characters are allowed';
  throw new Problem(400, `Idempotency-Key: ${message}`, [{ field: 'Idempotency-Key', message }]);
}
