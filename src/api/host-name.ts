/** A host name in a call. */
import { z } from '@hono/zod-openapi';
import type { Host } from '../events/ids.ts';
import { parseHost } from '../routing/host.ts';

export const hostName = z
  .string()
  .transform((text, context): Host => {
    const host = parseHost(text);
    if (host !== null) return host;
    context.addIssue({ code: 'custom', message: 'a host name is allowed, e.g. nginx1.docker.localhost' });
    return z.NEVER;
  })
  .openapi({ type: 'string' });
