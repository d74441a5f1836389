/** Applies the faults of calls: before a call is served, and to its answer. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallFault, Faults } from './faults.ts';
import { Refusal } from './http.ts';

/** What becomes of a call. */
export type Fate = 'serve' | 'hang' | 'reset' | 'lose-answer';

/** @throws {Refusal} with the status that the fault asks for */
export async function interfere(faults: Faults, method: string, path: string): Promise<Fate> {
  if (faults.inspectDelay > 0 && /^\/containers\/[^/]+\/json$/.test(path)) await sleep(faults.inspectDelay);
  const fault = take(faults, `${method} ${path}`);
  if (fault === null) return 'serve';
  if (fault === 'lost') return 'lose-answer';
  if (typeof fault === 'string') return fault;
  if (fault.delay !== undefined) await sleep(fault.delay);
  if (fault.status !== undefined) throw new Refusal(fault.status, fault.message ?? 'simulated failure');
  return 'serve';
}

/** The first that fits; one that counts is counted down, and gone when it is used up. */
function take({ calls }: Faults, call: string): CallFault | null {
  for (const [prefix, fault] of calls) {
    if (!call.startsWith(prefix)) continue;
    if (typeof fault === 'object' && fault.times !== undefined) {
      if (fault.times <= 1) calls.delete(prefix);
      else calls.set(prefix, { ...fault, times: fault.times - 1 });
    }
    return fault;
  }
  return null;
}
