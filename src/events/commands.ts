/** Commands: what someone asked Portolan to do to a container, and how that ended. */
import { z } from 'zod';
import { commandIdSchema, containerIdSchema } from './ids.ts';

const commandKinds = ['create', 'start', 'stop', 'restart', 'pause', 'unpause', 'kill', 'remove'] as const;
export type CommandKind = (typeof commandKinds)[number];

const about = {
  command: commandIdSchema,
  kind: z.enum(commandKinds),
  /** The container's name where it is known, else as the call named it (by a name or an id); for `create` the wanted one, if any. */
  name: z.string().nullable(),
  /** Its id, where it is known. */
  container: containerIdSchema.nullable(),
};

export const commandRequestedSchema = z.strictObject({
  ...about,
  /** Redacted: variables and labels by name only. `values` is a keyed digest of what is left out. */
  parameters: z.record(z.string(), z.unknown()),
});

export const commandSucceededSchema = z.strictObject({ ...about });

export const commandFailedSchema = z.strictObject({
  ...about,
  /** HTTP status of the engine's answer; 503 if it could not be reached. */
  status: z.number().int(),
  /** The engine's message, redacted. */
  message: z.string(),
});

/** Calls that were refused before they became commands, counted together so that strangers cannot grow the log. */
export const commandRefusedSchema = z.strictObject({
  reason: z.string(),
  count: z.number().int().positive(),
  from: z.string(),
  to: z.string(),
});

export const commandOutcomeUnknownSchema = z.strictObject({ ...about, reason: z.string() });
