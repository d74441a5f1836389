/** Defines a call once, for validation and for `/openapi.json` alike. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { Json } from '../queries/json.ts';
import type { Env } from './guards.ts';
import { Problem } from './problem.ts';

export type Api = OpenAPIHono<Env>;

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    errors: z
      .array(z.object({ field: z.string(), value: z.string().optional(), message: z.string() }))
      .optional(),
  })
  .openapi('Problem');

type Shape = Readonly<Record<string, z.ZodType>>;
type Values<S extends Shape> = { [Key in keyof S]: z.output<S[Key]> };

export interface Call<P extends Shape, Q extends Shape, B extends z.ZodType> {
  readonly method: 'get' | 'post' | 'delete';
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  readonly params?: P;
  /** Parameters that are not named here are refused. */
  readonly query?: Q;
  readonly body?: B;
  /** Whether it needs the token, also from loopback. */
  readonly secured?: boolean;
  readonly status?: 200 | 201 | 202;
  /** Of the answer; a stream of events has none. */
  readonly answer: z.ZodType | 'event-stream';
  /** Statuses of the problems that this call may answer with, beside 400, 401, 403 and 421. */
  readonly problems?: readonly number[];
}

export interface Input<P extends Shape, Q extends Shape, B extends z.ZodType> {
  readonly params: Values<P>;
  readonly query: Values<Q>;
  readonly body: z.output<B>;
}

/** Any value, which becomes JSON; what is JSON already; or an answer of its own. */
type Handler<P extends Shape, Q extends Shape, B extends z.ZodType> = (
  input: Input<P, Q, B>,
  c: Context<Env>,
) => Promise<unknown>;

export function define<P extends Shape = Shape, Q extends Shape = Shape, B extends z.ZodType = z.ZodType>(
  api: Api,
  call: Call<P, Q, B>,
  handler: Handler<P, Q, B>,
): void {
  const status = call.status ?? 200;
  const route = createRoute({
    method: call.method,
    path: call.path,
    summary: call.summary,
    tags: [call.tag],
    ...(call.secured === true ? { security: [{ token: [] }] } : {}),
    request: {
      params: z.object(call.params ?? {}),
      query: z.strictObject(call.query ?? {}),
      ...(call.body === undefined
        ? {}
        : { body: { required: true, content: { 'application/json': { schema: call.body } } } }),
    },
    responses: responses(call, status),
  });
  api.openapi(route, (async (c: Context<Env>) => {
    if (call.body === undefined && call.method !== 'get') refuseFields(await c.req.text(), call.query ?? {});
    const valid = c.req as unknown as { valid(target: 'param' | 'query' | 'json'): unknown };
    const body = call.body === undefined ? undefined : valid.valid('json');
    const input = { params: valid.valid('param'), query: valid.valid('query'), body } as Input<P, Q, B>;
    const answer = await handler(input, c);
    if (answer instanceof Response) return answer;
    const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' };
    if (answer instanceof Json) return c.body(answer.bytes, status, headers);
    return c.json(answer as object, status, headers);
  }) as never);
}

/**
 * What a call does not take must not be passed over: a signal in the body of a kill would become SIGKILL.
 * @throws {Problem} 400
 */
function refuseFields(text: string, query: Shape): void {
  if (text.trim() === '') return;
  const body = parse(text);
  if (body === null || typeof body !== 'object' || Array.isArray(body))
    throw new Problem(400, 'this call takes no body');
  const errors = Object.keys(body).map((name) => ({
    field: `/${name}`,
    message: name in query ? `${name} is allowed in the query: ?${name}=…` : `${name} is not known here`,
  }));
  const [first] = errors;
  if (first !== undefined) throw new Problem(400, `${first.field}: ${first.message}`, errors);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function responses(
  call: Pick<Call<Shape, Shape, z.ZodType>, 'answer' | 'problems' | 'summary'>,
  status: number,
) {
  const content =
    call.answer === 'event-stream'
      ? { 'text/event-stream': { schema: z.string() } }
      : { 'application/json': { schema: call.answer } };
  const problem = {
    description: 'Problem',
    content: { 'application/problem+json': { schema: problemSchema } },
  };
  const statuses = [400, 401, 403, 421, ...(call.problems ?? [])];
  return {
    [status]: { description: call.summary, content },
    ...Object.fromEntries(statuses.map((one) => [one, problem])),
  };
}

/** As the engine takes it, before it enters one of its URLs. */
export function engineName(what: string) {
  const message = `a ${what} is allowed: up to 128 letters, digits, _ . and -`;
  return z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/, message);
}

/** What the engine takes as a container's id or name. */
export const containerId = engineName('container id or name').openapi({
  param: { name: 'id', in: 'path' },
  example: 'nginx1',
});
