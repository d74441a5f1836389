/** A replay as it is asked for, and as it is told of. */
import { z } from '@hono/zod-openapi';
import { parseHost } from '../routing/host.ts';
import { momentSchema } from './moment.ts';

const hostText = z
  .string()
  .refine((text) => parseHost(text) === text, 'a host name in lower case is allowed, e.g. docker.localhost');

const policy = z
  .strictObject({
    domain: hostText.optional(),
    expose: z.enum(['all', 'labeled']).optional(),
    allowedHosts: z.array(hostText).nullable().optional(),
    claimHold: z.number().int().min(0).max(86_400_000).optional(),
  })
  .openapi('PolicyChanges');

export const replayBody = z
  .strictObject({
    mode: z.enum(['rebuild', 'compare', 'what-if']),
    until: momentSchema.optional(),
    policy: policy.optional(),
  })
  .superRefine(({ mode, until, policy: changes }, context) => {
    const only = 'is for what-if only';
    if (mode !== 'what-if' && until !== undefined)
      context.addIssue({ code: 'custom', path: ['until'], message: only });
    if (mode !== 'what-if' && changes !== undefined)
      context.addIssue({ code: 'custom', path: ['policy'], message: only });
    if (mode === 'what-if' && Object.keys(changes ?? {}).length === 0)
      context.addIssue({ code: 'custom', path: ['policy'], message: 'what-if needs something that differs' });
  });

export const replaySchema = z
  .object({
    id: z.string(),
    mode: z.enum(['rebuild', 'compare', 'what-if']),
    state: z.enum(['running', 'succeeded', 'failed', 'cancelled']),
    position: z.number().int(),
    head: z.number().int(),
    eventsPerSecond: z.number().int(),
    startedAt: z.string(),
    finishedAt: z.string().optional(),
    /** What a what-if was asked: the last position that it goes to, and what differs in its policy. */
    until: z.number().int().optional(),
    policy: policy.optional(),
    error: z.string().optional(),
    result: z.record(z.string(), z.unknown()).optional(),
  })
  .openapi('Replay');

/** Without what it found, which can be megabytes. */
export const shortSchema = replaySchema
  .omit({ result: true })
  .extend({
    /** Rows of a comparison, routes of a what-if, that differ. */
    found: z.number().int().optional(),
    /** There are more than that. */
    truncated: z.boolean().optional(),
  })
  .openapi('ReplayInShort');
