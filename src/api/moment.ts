/** Instants in query parameters. */
import { z } from '@hono/zod-openapi';

/** RFC 3339, as milliseconds since the epoch. */
export const instantSchema = z.iso
  .datetime({ offset: true, error: 'an RFC 3339 instant is allowed, e.g. 2026-01-31T14:03:00Z' })
  .transform((text) => Date.parse(text))
  .openapi({ type: 'string', format: 'date-time' });

/** A position of the log. */
export const positionSchema = z
  .string()
  .regex(/^\d{1,15}$/, 'a position is allowed: a whole number from 0')
  .transform(Number)
  .openapi({ type: 'integer' });
