/** Makes the policy from the settings and from what the engine tells about itself. */

import type { Policy, Reach } from '../events/decisions.ts';
import type { ContainerId, Host } from '../events/ids.ts';
import { deciderVersion, defaultClaimHold } from '../routing/policy.ts';

/** What only an engine that answers can tell. */
export interface Surroundings {
  readonly reach: Reach;
  readonly ownContainer: ContainerId | null;
}

/** Names of the management API, which no container may claim. */
const reservedHosts = ['localhost', '127.0.0.1', '[::1]'] as Host[];

/** The settings that decide, as they were given. */
export interface PolicySettings {
  readonly domain: Host;
  readonly expose: 'all' | 'labeled';
  readonly allowedHosts: readonly Host[] | null;
}

/** @param ownPorts host ports on which proxy and API listen */
export function policyOf(
  settings: PolicySettings,
  ownPorts: readonly number[],
  surroundings: Surroundings,
): Policy {
  return {
    domain: settings.domain,
    expose: settings.expose,
    allowedHosts: settings.allowedHosts === null ? null : [...settings.allowedHosts],
    reservedHosts,
    reach: surroundings.reach,
    ownPorts: [...new Set(ownPorts)].sort((one, other) => one - other),
    ownContainer: surroundings.ownContainer,
    claimHold: defaultClaimHold,
    decider: deciderVersion,
  };
}
