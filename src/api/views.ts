/** Schemas of what the API answers, for `/openapi.json`. */
import { z } from '@hono/zod-openapi';

/** A schema with a name would be described as that and null at once by `nullable()`, which nothing is. */
export const orNull = <T extends z.ZodType>(schema: T) => z.union([schema, z.null()]);

export const targetSchema = z
  .object({
    container: z.string(),
    name: z.string(),
    address: z.string(),
    port: z.number().int(),
    startedAt: z.string(),
    weight: z.number().int().optional(),
  })
  .openapi('Target');

const matchSchema = z.object({ host: z.string(), path: z.string() });

/** Where a route that was decided on before was not served all the time since. */
const servedSchema = z
  .object({ since: z.string(), position: z.number().int(), after: z.enum(['away', 'unrecorded']) })
  .openapi('ServedAgain');

export const routeSchema = z
  .object({
    id: z.string(),
    match: matchSchema,
    owner: z.string(),
    targets: z.array(targetSchema),
    state: z.enum(['open', 'unconfirmed', 'closed']),
    reason: z.string().optional(),
    since: z.string(),
    position: z.number().int(),
    served: servedSchema.optional(),
  })
  .openapi('Route');

export const refusalSchema = z
  .object({
    container: z.string(),
    name: z.string(),
    match: matchSchema.nullable(),
    reason: z.string(),
    detail: z.string(),
    holder: z.string().optional(),
    position: z.number().int(),
    since: z.string(),
  })
  .openapi('Refusal');

export const hostSchema = z
  .object({
    host: z.string(),
    state: z.enum(['open', 'unconfirmed', 'closed', 'refused']),
    routes: z.array(routeSchema),
    refusals: z.array(refusalSchema),
    sentence: z.string(),
  })
  .openapi('Host');

const actorSchema = z.object({ kind: z.enum(['engine', 'api', 'external', 'portolan']), name: z.string() });

const interval = z.object({
  route: z.string(),
  host: z.string(),
  match: matchSchema,
  owner: z.string(),
  targets: z.array(targetSchema),
  from: z.string(),
  to: z.string().nullable(),
  openedBy: z.number().int(),
  closedBy: z.number().int().nullable(),
  reason: z.string().nullable(),
  ended: z.enum(['closed', 'changed', 'away', 'unrecorded']).nullable(),
  decided: z.object({ at: z.string(), position: z.number().int() }).optional(),
});

export const timelineItemSchema = interval.openapi('TimelineItem');

/** Who was behind an end of an interval, as the audit joins it. */
const throughSchema = z
  .object({
    position: z.number().int(),
    actor: actorSchema,
    action: z.string(),
    basis: z.enum(['exact', 'window', 'ambiguous']),
  })
  .nullable();

export const intervalSchema = interval
  .extend({ opened: throughSchema, closed: throughSchema })
  .openapi('Interval');

export const eventSchema = z
  .object({
    position: z.number().int(),
    id: z.string(),
    type: z.string(),
    streamId: z.string(),
    engineId: z.string().nullable(),
    occurredAt: z.string(),
    recordedAt: z.string(),
    actor: actorSchema,
    correlationId: z.string(),
    causationId: z.string().nullable(),
    inferred: z.boolean(),
    schemaVersion: z.number().int(),
    data: z.record(z.string(), z.unknown()),
    hash: z.string(),
    containerName: z.string().optional(),
  })
  .openapi('Event');

/** An end of a diff. */
export const endSchema = z.object({ position: z.number().int(), at: z.string().nullable() });

const changeSchema = z
  .object({
    route: z.string(),
    host: z.string(),
    before: orNull(routeSchema),
    after: routeSchema,
    cause: orNull(eventSchema),
    decided: eventSchema.optional(),
  })
  .openapi('RouteChange');

export const diffShape = {
  from: endSchema,
  to: endSchema,
  added: z.array(changeSchema),
  removed: z.array(changeSchema),
  changed: z.array(changeSchema),
};

export const auditSchema = z
  .object({
    position: z.number().int(),
    actor: actorSchema,
    action: z.string(),
    container: z.string().nullable(),
    name: z.string().nullable(),
    requestedAt: z.string(),
    completedAt: z.string().nullable(),
    outcome: z.enum(['pending', 'succeeded', 'failed', 'refused', 'unknown', 'observed']),
    detail: z.string(),
    basis: z.enum(['exact', 'window', 'ambiguous']),
    consequences: z.array(z.number().int()),
  })
  .openapi('AuditEntry');

export const incarnationSchema = z
  .object({
    container: z.string(),
    name: z.string(),
    image: z.string(),
    imageId: z.string(),
    createdAt: z.string(),
    from: z.string(),
    to: z.string().nullable(),
    openedBy: z.number().int(),
    closedBy: z.number().int().nullable(),
    opened: throughSchema,
    closed: throughSchema,
    changes: z.array(
      z.object({ field: z.string(), before: z.string().nullable(), after: z.string().nullable() }),
    ),
  })
  .openapi('Incarnation');

export const containerSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    image: z.string(),
    imageId: z.string(),
    createdAt: z.string(),
    status: z.string(),
    health: z.string(),
    startedAt: z.string().nullable(),
    finishedAt: z.string().nullable(),
    exitCode: z.number().int(),
    restartCount: z.number().int(),
    labels: z.record(z.string(), z.string()),
    exposed: z.array(z.number().int()),
    published: z.array(
      z.object({ port: z.number().int(), hostAddress: z.string(), hostPort: z.number().int() }),
    ),
    networks: z.array(
      z.object({
        name: z.string(),
        address: z.string(),
        address6: z.string(),
        driver: z.string().optional(),
      }),
    ),
    envNames: z.array(z.string()),
    command: z.array(z.string()),
    routes: z.array(routeSchema),
    refusals: z.array(refusalSchema),
  })
  .openapi('Container');

export const commandSchema = z
  .object({
    command: z.string(),
    kind: z.string(),
    container: z.string().nullable(),
    position: z.number().int(),
    warnings: z.array(z.string()),
  })
  .openapi('CommandOutcome');
