/** How far the table is vouched for: told by the engine's first list, its absence, and the machine's boot. */
import type { Trust } from '../routing/table.ts';

export interface TrustKeeper {
  current(): Trust;
  /** Whether the engine has vouched for the table on this boot of the machine, in this run or an earlier one. */
  vouched(): boolean;
  /** The engine cannot be reached. */
  engineAway(): void;
  /** A list of the engine has been taken in and is on disk. */
  confirmed(): void;
}

/**
 * @param sameBoot whether the table was last confirmed on this boot of the machine; after another one, the addresses
 * of containers may belong to others
 * @param initial that of the Portolan from which we take over
 */
export function createTrust(
  sameBoot: boolean,
  onChange: (trust: Trust) => void,
  initial: Trust = 'holding',
): TrustKeeper {
  let trust = initial;
  let vouched = sameBoot;
  const change = (next: Trust): void => {
    if (next === trust) return;
    trust = next;
    onChange(next);
  };
  return {
    current: () => trust,
    vouched: () => vouched,
    engineAway: () => change(vouched ? 'unconfirmed' : 'distrusted'),
    confirmed() {
      vouched = true;
      change('confirmed');
    },
  };
}
