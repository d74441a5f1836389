/**
 * The lines of an export: NDJSON that holds all of the log, so that an import makes the same chain of it.
 *
 *     {"format":"portolan-log","version":1}                      first
 *     {"spec":DIGEST,"bytes":TEXT}                               each container spec, before the first event that has it
 *     {"position":N,"id":…,"data":TEXT,"salt":…,"hash":…,…}      each event; `data` is the stored payload, byte for byte
 *     {"end":N,"hash":HASH}                                      last: without it the file was cut
 *
 * Binary fields are in lower-case hex. `data` is null where the payload was redacted.
 */
import { z } from 'zod';

export const formatName = 'portolan-log';
export const formatVersion = 1;

const hex = (bytes: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`), `${bytes * 2} hex digits`);
const whole = z.number().int().nonnegative();

/** In the one way in which an export writes it, and as SQLite's integers are: 64 bits with a sign. */
const isTime = (digits: string): boolean =>
  /^(0|[1-9]\d{0,18})$/.test(digits) && BigInt.asIntN(64, BigInt(digits)) === BigInt(digits);

export const headerSchema = z.strictObject({
  format: z.literal(formatName),
  version: z.literal(formatVersion),
});
export const specSchema = z.strictObject({ spec: hex(32), bytes: z.string() });
export const endSchema = z.strictObject({ end: whole, hash: hex(32) });
export const eventSchema = z.strictObject({
  position: whole,
  id: hex(16),
  type: z.string().min(1),
  streamId: z.string().min(1),
  engineId: z.string().nullable(),
  /** Nanoseconds, as text: they do not fit a number. */
  occurredAt: z.string().refine(isTime, 'nanoseconds'),
  recordedAt: whole,
  actor: z.strictObject({ kind: z.enum(['engine', 'api', 'external', 'portolan']), name: z.string() }),
  correlationId: hex(16),
  causationId: hex(16).nullable(),
  inferred: z.boolean(),
  schemaVersion: whole,
  data: z.string().nullable(),
  salt: hex(16),
  dataDigest: hex(32),
  hash: hex(32),
});
export type EventLine = z.infer<typeof eventSchema>;

/** A log cannot be imported, or not from this file. Nothing was written. */
export class ImportRefused extends Error {
  override readonly name = 'ImportRefused';
  readonly code: 'has-log' | 'bad-line' | 'cut';
  readonly hint: string;
  constructor(message: string, code: ImportRefused['code'], hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}
