/** `/healthz`: the process is up. `/readyz`: log open, table folded, proxy listening; it does not wait for Docker. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Env } from './guards.ts';
import type { ApiPorts } from './ports.ts';
import { Problem } from './problem.ts';

export function health(app: OpenAPIHono<Env>, { listening }: ApiPorts): void {
  app.get('/healthz', (c) => c.text('up\n'));
  app.get('/readyz', (c) => {
    // Log and table are there before the API is.
    if (!listening()) throw new Problem(503, 'the proxy does not listen');
    return c.text('ready\n');
  });
}
