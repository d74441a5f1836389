/** Signals: what the engine's event stream said, attributes allow-listed and only claimed. */
import { z } from 'zod';
import { containerIdSchema } from './ids.ts';

/**
 * Attributes of a Docker event, each cut to 256 characters. They are claims: the engine lets a container's
 * labels overwrite them (`exitCode`, `image`, `name`), so nothing is ever routed by them.
 */
export const claimedSchema = z.strictObject({
  name: z.string().optional(),
  image: z.string().optional(),
  exitCode: z.string().optional(),
  signal: z.string().optional(),
  oldName: z.string().optional(),
  health: z.string().optional(),
  network: z.string().optional(),
  commandId: z.string().optional(),
});
export type Claimed = z.infer<typeof claimedSchema>;

export const signalDataSchema = z.strictObject({
  container: containerIdSchema,
  claimed: claimedSchema,
});

export const signalTypes = [
  'ContainerCreated',
  'ContainerStarted',
  'ContainerKilled',
  'ContainerDied',
  'ContainerStopped',
  'ContainerOutOfMemory',
  'ContainerPaused',
  'ContainerUnpaused',
  'ContainerRenamed',
  'ContainerUpdated',
  'ContainerHealthChanged',
  'ContainerDestroyed',
  'ContainerNetworkConnected',
  'ContainerNetworkDisconnected',
] as const;
export type SignalType = (typeof signalTypes)[number];
