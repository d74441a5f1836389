/**
 * Signals after which a container may become reachable wait a moment for the inspection that they cause: a commit of their
 * own would be under way when it arrives, and the route would open one commit later.
 */
import type { Input } from '../routing/record.ts';
import { heralds } from './heralds.ts';

/** Milliseconds; an inspection takes 1 to 3. A signal that is lost in them is told again by the engine. */
const patience = 5;

export interface Linger {
  /** Resolves at once if anything else waits, too, else when something does, or after the patience. */
  over(waiting: readonly { readonly input: Input | 'clock' }[]): Promise<void>;
  /** Something has come in. */
  came(input: Input | 'clock'): void;
}

export function createLinger(): Linger {
  let end: (() => void) | null = null;
  return {
    over(waiting) {
      if (!waiting.every(({ input }) => isHerald(input))) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, patience);
        end = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
    came(input) {
      if (!isHerald(input)) end?.();
    },
  };
}

const isHerald = (input: Input | 'clock'): boolean =>
  input !== 'clock' && input.kind === 'signal' && heralds.has(input.type);
