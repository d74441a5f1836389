/** Makes the policy from the settings and from what the engine tells about itself. */
import type { Placement } from '../docker/engine.ts';
import type { Policy } from '../events/decisions.ts';
import type { Host } from '../events/ids.ts';
import { deciderVersion, defaultClaimHold } from '../routing/policy.ts';

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
  placement: Placement,
): Policy {
  return {
    domain: settings.domain,
    expose: settings.expose,
    allowedHosts: settings.allowedHosts === null ? null : [...settings.allowedHosts],
    reservedHosts,
    reach: placement.reach,
    ownPorts: [...new Set(ownPorts)].sort((one, other) => one - other),
    ownContainer: placement.ownContainer,
    claimHold: defaultClaimHold,
    decider: deciderVersion,
  };
}
