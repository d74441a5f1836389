/** Pages of lists: `limit` and `cursor` in, `{items, next?}` out. */
import { z } from '@hono/zod-openapi';

export const paging = {
  limit: z
    .string()
    .regex(/^\d{1,4}$/, 'a number from 1 to 1000 is allowed')
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= 1_000, 'a number from 1 to 1000 is allowed')
    .default(100)
    .openapi({ type: 'integer', minimum: 1, maximum: 1_000, default: 100 }),
  cursor: z.string().max(2_048).optional().openapi({ description: '`next` of the page before' }),
};

export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next: z.string().optional() });
