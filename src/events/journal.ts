/** Events about Portolan, its engine connection and the log itself. */
import { z } from 'zod';
import { positionSchema } from './ids.ts';

export const portolanStartedSchema = z.strictObject({
  version: z.string(),
  /** The machine's boot id; addresses of another boot may belong to others. */
  bootId: z.string(),
  /** RFC 3339: the last heartbeat of the run before; null on the first. */
  lastAlive: z.string().nullable(),
  /** It served before the run before had stopped: there is no gap between the two. */
  tookOver: z.literal(true).optional(),
});

export const portolanStoppedSchema = z.strictObject({
  reason: z.string(),
  /** To a successor that serves already. */
  handedOver: z.literal(true).optional(),
});

export const engineConnectedSchema = z.strictObject({
  name: z.string(),
  version: z.string(),
  apiVersion: z.string(),
  operatingSystem: z.string(),
});

export const engineLostSchema = z.strictObject({ reason: z.string() });

/** The engine's memory of events did not reach back to the last one seen; what lay between is inferred. */
export const historyGapDetectedSchema = z.strictObject({
  /** RFC 3339 with nanoseconds: the last event seen before the gap, or since when the engine is followed if none was. */
  from: z.string().nullable(),
  /** The first event after it. */
  to: z.string(),
  reason: z.enum(['memory-too-short', 'engine-restarted', 'stream-interrupted']),
});

/** The log could not be written for a while; what came in was not recorded. */
export const recordingGapDetectedSchema = z.strictObject({
  from: z.string(),
  to: z.string(),
  /** Inputs that were not recorded. */
  lost: z.number().int().nonnegative(),
  reason: z.string(),
});

export const snapshotTakenSchema = z.strictObject({
  at: positionSchema,
  foldVersion: z.number().int().positive(),
  /** SHA-256 of the snapshot's bytes, hex. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
});

export const logCompactedSchema = z.strictObject({ upTo: positionSchema, hash: z.string() });

export const payloadRedactedSchema = z.strictObject({ redacted: positionSchema, reason: z.string() });
