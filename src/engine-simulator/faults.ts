/** Switches for what goes wrong with an engine and the way to it. */
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { send } from './http.ts';

export interface Faults {
  /** How an event's line goes out: split into single bytes, held back to go out with the next ones, doubled, or not at all. */
  stream: 'plain' | 'split' | 'batched' | 'doubled' | 'silent';
  /** Sent before each line, e.g. `not json\n`. */
  garbage: string;
  /** Milliseconds by which inspections are late. */
  inspectDelay: number;
  /** Calls whose `METHOD /path` begins with the key are answered so, or never. */
  readonly calls: Map<string, { readonly status: number; readonly message: string } | 'hang'>;
}

export const createFaults = (): Faults => ({
  stream: 'plain',
  garbage: '',
  inspectDelay: 0,
  calls: new Map(),
});

/** @returns true if the call has been answered, or never will be */
export async function interfere(
  faults: Faults,
  method: string,
  path: string,
  res: ServerResponse,
): Promise<boolean> {
  if (faults.inspectDelay > 0 && /^\/containers\/[^/]+\/json$/.test(path)) await sleep(faults.inspectDelay);
  for (const [prefix, fault] of faults.calls) {
    if (!`${method} ${path}`.startsWith(prefix)) continue;
    if (fault !== 'hang') send(res, fault.status, { message: fault.message });
    return true;
  }
  return false;
}
