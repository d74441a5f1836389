/** An event's data as the log stores it: a container's spec goes beside it, once, and stays behind as its digest. */
import { hash } from 'node:crypto';
import type { NewEvent } from './event.ts';
import type { ContainerSpec } from './observations.ts';

export interface StoredPayload {
  /** JSON text. */
  readonly data: string;
  readonly spec: StoredSpec | null;
}

export interface StoredSpec {
  /** Hex SHA-256 of `bytes`. */
  readonly digest: string;
  /** JSON text. */
  readonly bytes: string;
}

export function splitPayload(event: Pick<NewEvent, 'type' | 'data'>): StoredPayload {
  const { type, data } = event as NewEvent;
  if (type !== 'ContainerObserved') return { data: JSON.stringify(data), spec: null };
  const spec = storedSpec(data.spec);
  return { data: JSON.stringify({ ...data, spec: spec.digest }), spec };
}

/**
 * @param specOf finds a spec by its hex digest
 * @throws {SyntaxError} if the text is not JSON
 */
export function joinPayload(type: string, data: string, specOf: (digest: string) => unknown): unknown {
  const parsed: unknown = JSON.parse(data);
  if (type !== 'ContainerObserved' || typeof parsed !== 'object' || parsed === null) return parsed;
  const payload = parsed as { spec?: unknown };
  if (typeof payload.spec === 'string') payload.spec = specOf(payload.spec);
  return payload;
}

/** The stored form of specs that are in use: most observations repeat one. */
const known = new WeakMap<ContainerSpec, StoredSpec>();

function storedSpec(spec: ContainerSpec): StoredSpec {
  const found = known.get(spec);
  if (found !== undefined) return found;
  const bytes = JSON.stringify(spec);
  const stored = { digest: hash('sha256', bytes, 'hex'), bytes };
  known.set(spec, stored);
  return stored;
}
