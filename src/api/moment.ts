/** Instants in query parameters. */
import { z } from '@hono/zod-openapi';
import type { At } from '../queries/port.ts';
import { Problem } from './problem.ts';

/** RFC 3339, as milliseconds since the epoch. */
export const instantSchema = z.iso
  .datetime({ offset: true, error: 'an RFC 3339 instant is allowed, e.g. 2026-01-31T14:03:00Z' })
  .transform((text) => Date.parse(text))
  .openapi({ type: 'string', format: 'date-time' });

/** A moment of the log: an instant on the axis of `recordedAt`, or `position:N`. */
export const momentSchema = z
  .string()
  .transform((text, context): At => {
    const position = /^position:(\d{1,15})$/.exec(text)?.[1];
    if (position !== undefined) return { kind: 'position', position: Number(position) };
    const instant = instantSchema.safeParse(text);
    if (instant.success) return { kind: 'instant', instant: instant.data };
    context.addIssue({
      code: 'custom',
      message: 'an RFC 3339 instant (2026-01-31T14:03:00Z) or position:N is allowed',
    });
    return z.NEVER;
  })
  .openapi({ type: 'string', example: 'position:42' });

interface Stretch {
  readonly since?: At | undefined;
  readonly until?: At | undefined;
  readonly after?: number | undefined;
  readonly before?: number | undefined;
}

/** Moments that were given as positions become bounds of positions; both are inclusive. */
export function bounded<Query extends Stretch>({ since, until, after, before, ...query }: Query) {
  return {
    ...query,
    since: since?.kind === 'instant' ? since.instant : undefined,
    until: until?.kind === 'instant' ? until.instant : undefined,
    after: since?.kind === 'position' ? Math.max(after ?? 0, since.position - 1) : after,
    before:
      until?.kind === 'position' ? Math.min(before ?? Number.MAX_SAFE_INTEGER, until.position + 1) : before,
  };
}

/** A position of the log. */
export const positionSchema = z
  .string()
  .regex(/^\d{1,15}$/, 'a position is allowed: a whole number from 0')
  .transform(Number)
  .openapi({ type: 'integer' });

/**
 * Who names a position that this log does not have had it from another one: told at once, as waiting for it is in vain.
 * @throws {Problem} 400
 */
export function withinLog(field: string, position: number, head: number): number {
  if (position <= head) return position;
  const message = `position ${position} does not exist yet; 0 to ${head} is allowed`;
  throw new Problem(400, `${field}: ${message}`, [{ field, value: String(position), message }]);
}
