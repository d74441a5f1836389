/** What a path allows, found in the routes themselves: for a method that it does not have, for OPTIONS and for HEAD. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import type { Env } from './guards.ts';
import { Problem, problemAnswer } from './problem.ts';

/** Of what middleware and the page for mistyped addresses match, which is everything. */
const anywhere = new Set(['*', '/*']);

/** What is answered where no route was found: 404, or which methods the path has (RFC 9110, 9.3.7 and 15.5.6). */
export function nothingHere(app: OpenAPIHono<Env>): (c: Context<Env>) => Response {
  return (c) => {
    const { method, path } = c.req;
    const allowed = allowedAt(app, path);
    // A path that has the method and found nothing: a file that there is not.
    if (allowed.length === 0 || (method !== 'OPTIONS' && allowed.includes(method)))
      return problemAnswer(c, new Problem(404, `there is nothing at ${path}; GET /docs lists what is`));
    const list = allowed.join(', ');
    c.header('Allow', list);
    if (method === 'OPTIONS') return c.body(null, 204);
    return problemAnswer(c, new Problem(405, `${method} is not allowed at ${path}; allowed: ${list}`));
  };
}

function allowedAt(app: OpenAPIHono<Env>, path: string): string[] {
  const methods = new Set(app.routes.map(({ method }) => method));
  methods.delete('ALL');
  const found = [...methods].filter((method) =>
    app.router
      .match(method, path)[0]
      .some(([[, route]]) => route.method === method && !anywhere.has(route.path)),
  );
  if (found.length === 0) return [];
  return [...found.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])), 'OPTIONS'];
}

/** HEAD is GET without a body: what writes one is told that nobody reads it, as else a stream would go on for ever. */
export function headGuard(): MiddlewareHandler<Env> {
  return async (c, next) => {
    await next();
    if (c.req.method === 'HEAD') await c.res.body?.cancel();
  };
}
