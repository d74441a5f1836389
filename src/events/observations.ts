/** Observations: what inspecting a container showed, and that it can no longer be found. */
import { z } from 'zod';
import { containerIdSchema } from './ids.ts';

/** A container's configuration: fixed when it was made, stored once in the log by its digest. */
export const containerSpecSchema = z.strictObject({
  /** As it was named by whoever created the container. */
  image: z.string(),
  /** Digest of the image's configuration, `sha256:…`. */
  imageId: z.string(),
  /** RFC 3339, the engine's clock. */
  createdAt: z.string(),
  /** Known families verbatim, all others as `hmac:…`. */
  labels: z.record(z.string(), z.string()),
  /** TCP ports the image or the container exposes, ascending. */
  exposed: z.array(z.number().int().min(1).max(65535)),
  /** `HostConfig.NetworkMode`: `default`, `bridge`, `host`, `none`, `container:ID` or a network's name. */
  networkMode: z.string(),
  healthcheck: z.boolean(),
  /** Signal that `docker stop` sends first, e.g. `SIGTERM`. */
  stopSignal: z.string(),
  /** Allow-listed names only (`VIRTUAL_*` and the like). */
  env: z.record(z.string(), z.string()),
  restartPolicy: z.string(),
  /** The engine removes it by itself once it has ended (`docker run --rm`). Absent if not, and in version 1. */
  autoRemove: z.literal(true).optional(),
});
export type ContainerSpec = z.infer<typeof containerSpecSchema>;

export const networkAttachmentSchema = z.strictObject({
  name: z.string(),
  /** IPv4 address, empty if it has none. */
  address: z.string(),
  /** Global IPv6 address, empty if it has none. */
  address6: z.string(),
  gateway: z.string(),
  gateway6: z.string(),
  /** Of the network, e.g. `overlay`. Absent for `bridge`, and in versions 1 and 2. */
  driver: z.string().optional(),
});
export type NetworkAttachment = z.infer<typeof networkAttachmentSchema>;

export const publishedPortSchema = z.strictObject({
  /** TCP port inside the container. */
  port: z.number().int().min(1).max(65535),
  hostAddress: z.string(),
  hostPort: z.number().int().min(1).max(65535),
});
export type PublishedPort = z.infer<typeof publishedPortSchema>;

/** `State.Status` of the Docker API. */
export const containerStatuses = [
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
] as const;
export type ContainerStatus = (typeof containerStatuses)[number];

/** `State.Health.Status`; `none` without a HEALTHCHECK. */
export const healthStatuses = ['none', 'starting', 'healthy', 'unhealthy'] as const;
export type HealthStatus = (typeof healthStatuses)[number];

/** An inferred change lies between these two instants (RFC 3339): last known before, first seen after. */
export const occurredBetweenSchema = z.tuple([z.string().nullable(), z.string()]);

export const containerObservedSchema = z.strictObject({
  container: containerIdSchema,
  /** Without the leading slash. */
  name: z.string().min(1),
  spec: containerSpecSchema,
  status: z.enum(containerStatuses),
  health: z.enum(healthStatuses),
  /** RFC 3339 as the engine gives it; null before the first start. */
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  exitCode: z.number().int(),
  oomKilled: z.boolean(),
  restartCount: z.number().int().nonnegative(),
  /** By name, ascending. */
  networks: z.array(networkAttachmentSchema),
  published: z.array(publishedPortSchema),
  occurredBetween: occurredBetweenSchema.optional(),
});
export type ContainerObservedData = z.infer<typeof containerObservedSchema>;
/** What an inspection yields: everything but the inference, which control adds. */
export type ContainerObservation = Omit<ContainerObservedData, 'occurredBetween'>;

export const containerLostSchema = z.strictObject({
  container: containerIdSchema,
  name: z.string(),
  /** `destroyed`: the engine said so; `not-found`: inspect or the list no longer has it. */
  reason: z.enum(['destroyed', 'not-found', 'engine-replaced']),
  occurredBetween: occurredBetweenSchema.optional(),
});
