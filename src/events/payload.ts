/** An event's data as the log stores it: a container's spec goes beside it, once, and stays behind as its digest. */
import { createHash } from 'node:crypto';
import type { NewEvent } from './event.ts';
import type { ContainerSpec } from './observations.ts';

export interface StoredPayload {
  /** JSON text. */
  readonly data: string;
  readonly spec: StoredSpec | null;
}

export interface StoredSpec {
  /** SHA-256 of `bytes`. */
  readonly digest: Buffer;
  readonly bytes: string;
}

export function splitPayload(event: NewEvent): StoredPayload {
  if (event.type !== 'ContainerObserved') return { data: JSON.stringify(event.data), spec: null };
  const spec = storedSpec(event.data.spec);
  return { data: JSON.stringify({ ...event.data, spec: spec.digest.toString('hex') }), spec };
}

/**
 * @param specOf finds a spec by its hex digest
 * @throws {SyntaxError} if the text is not JSON
 */
export function joinPayload(
  type: string,
  data: string,
  specOf: (digest: string) => ContainerSpec | null,
): unknown {
  const parsed: unknown = JSON.parse(data);
  if (type !== 'ContainerObserved' || typeof parsed !== 'object' || parsed === null) return parsed;
  const { spec } = parsed as { spec?: unknown };
  return typeof spec === 'string' ? { ...parsed, spec: specOf(spec) } : parsed;
}

/** Digests of specs that were stored lately: most observations repeat one. */
const digests = new WeakMap<ContainerSpec, StoredSpec>();

function storedSpec(spec: ContainerSpec): StoredSpec {
  const known = digests.get(spec);
  if (known !== undefined) return known;
  const bytes = JSON.stringify(spec);
  const stored = { digest: createHash('sha256').update(bytes).digest(), bytes };
  digests.set(spec, stored);
  return stored;
}
