/** Decisions: what Portolan routed, refused, and under which policy. */
import { z } from 'zod';
import { containerIdSchema, hostSchema, routeIdSchema } from './ids.ts';

/** Where requests of a route go: one incarnation (start) of one container. */
export const targetSchema = z.strictObject({
  container: containerIdSchema,
  name: z.string(),
  /** IPv4 or IPv6 literal without brackets. */
  address: z.string(),
  port: z.number().int().min(1).max(65535),
  /** RFC 3339: tells this incarnation from an earlier one at the same address. */
  startedAt: z.string(),
  /** Its share among the route's targets; 1 if not said. */
  weight: z.number().int().min(1).optional(),
});
export type Target = z.infer<typeof targetSchema>;

export const routeMatchSchema = z.strictObject({
  host: hostSchema,
  /** Prefix by whole segments, `/` for all. */
  path: z.string().startsWith('/'),
});
export type RouteMatch = z.infer<typeof routeMatchSchema>;

/** How a route's targets are chosen, and asked for their health. */
export const trafficSchema = z.strictObject({
  balance: z.enum(['round-robin', 'least-connections', 'client-ip']),
  /** A cookie binds a visitor to a target. */
  sticky: z.boolean(),
  /** Null: nobody asks. Times in milliseconds. */
  health: z
    .strictObject({
      path: z.string().startsWith('/'),
      interval: z.number().int().positive(),
      timeout: z.number().int().positive(),
      /** Failures in a row that take a target out. */
      threshold: z.number().int().positive(),
    })
    .nullable(),
});
export type Traffic = z.infer<typeof trafficSchema>;

/** Why a target or a route is no longer served. */
export const closeReasons = [
  'stopped',
  'paused',
  'restarting',
  'unhealthy',
  'removed',
  'renamed',
  'disabled',
  'claimed-elsewhere',
  'unreachable',
  'policy',
  'engine-replaced',
  'unreadable',
] as const;
export type CloseReason = (typeof closeReasons)[number];

export const routeOpenedSchema = z.strictObject({
  route: routeIdSchema,
  match: routeMatchSchema,
  owner: z.string(),
  targets: z.array(targetSchema).min(1),
  /** Without it: round robin, and no questions for health. */
  traffic: trafficSchema.optional(),
});

export const routeChangedSchema = z.strictObject({
  route: routeIdSchema,
  match: routeMatchSchema,
  owner: z.string(),
  /** The whole set after the change. */
  targets: z.array(targetSchema).min(1),
  traffic: trafficSchema.optional(),
});

export const routeClosedSchema = z.strictObject({
  route: routeIdSchema,
  match: routeMatchSchema,
  owner: z.string(),
  reason: z.enum(closeReasons),
  /** The container whose leaving closed it. */
  container: containerIdSchema,
  name: z.string(),
});

const refusalReasons = [
  'no-port',
  'no-reachable-network',
  'port-not-published',
  'host-claimed',
  'host-reserved',
  'host-not-allowed',
  'invalid-label',
  'disabled',
  'not-enabled',
  'own-container',
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

export const routeRefusedSchema = z.strictObject({
  container: containerIdSchema,
  name: z.string(),
  /** What it asked for; null where the container as a whole is refused. */
  match: routeMatchSchema.nullable(),
  reason: z.enum(refusalReasons),
  /** One sentence that says what to do about it. */
  detail: z.string(),
  /** With `host-claimed`: the owner that has the host. */
  holder: z.string().optional(),
});

/** How a container's address is found; resolved from `--reach` and where Portolan runs. */
export const reachSchema = z.discriminatedUnion('kind', [
  /** The container's own address on a bridge network of this host. */
  z.strictObject({ kind: z.literal('network') }),
  /** Portolan in a container: its address on a network that both share. */
  z.strictObject({ kind: z.literal('shared'), networks: z.array(z.string()) }),
  /** A published port; `host` replaces wildcard host addresses. */
  z.strictObject({ kind: z.literal('published'), host: z.string() }),
  /** The simulator's: loopback addresses stand for the container's own. */
  z.strictObject({ kind: z.literal('simulated') }),
]);
export type Reach = z.infer<typeof reachSchema>;

/** The settings that decide. A change of any of them is an event and decides again. */
export const policySchema = z.strictObject({
  domain: hostSchema,
  expose: z.enum(['all', 'labeled']),
  /** Domains containers may claim; null: any but the reserved ones. */
  allowedHosts: z.array(hostSchema).nullable(),
  /** The API's own names, which nobody may claim. */
  reservedHosts: z.array(hostSchema),
  reach: reachSchema,
  /** Host ports that are ours and never a target. */
  ownPorts: z.array(z.number().int().min(1).max(65535)),
  /** Portolan's own container, if it runs in one. */
  ownContainer: containerIdSchema.nullable(),
  /** Milliseconds a stopped owner keeps its claim on a host. */
  claimHold: z.number().int().nonnegative(),
  /** Version of the deciding code. */
  decider: z.number().int().positive(),
});
export type Policy = z.infer<typeof policySchema>;

export const policyAppliedSchema = z.strictObject({ policy: policySchema });
