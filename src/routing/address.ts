/** Where a container can be reached under the policy's reach: an address and port, or why there is none. */
import type { Policy } from '../events/decisions.ts';
import type { ContainerObservation, NetworkAttachment } from '../events/observations.ts';

export type Reached =
  | { readonly kind: 'at'; readonly address: string; readonly port: number }
  | {
      readonly kind: 'nowhere';
      readonly reason: 'no-reachable-network' | 'port-not-published';
      readonly detail: string;
    };

/**
 * @param host the container whose network namespace it is: itself, or the one it shares by `network_mode: container:X`
 * @param port TCP port inside the namespace
 * @param labelledPort whether the port was asked for by label; without it a host-network container has no address
 */
export function reach(
  host: ContainerObservation,
  port: number,
  labelledPort: boolean,
  network: string | null,
  policy: Policy,
): Reached {
  if (host.spec.networkMode === 'host') return reachHostNetwork(port, labelledPort, policy);
  switch (policy.reach.kind) {
    case 'published':
      return reachPublished(host, port, policy.reach.host, policy);
    case 'network':
      return reachNetwork(host, port, network, (attachment) => isRoutedHere(attachment, network));
    case 'simulated':
      return reachNetwork(host, port, network, () => true, true);
    case 'shared': {
      const shared = new Set(policy.reach.networks);
      return reachNetwork(host, port, network, (attachment) => shared.has(attachment.name));
    }
    default:
      return policy.reach satisfies never;
  }
}

function reachHostNetwork(port: number, labelledPort: boolean, policy: Policy): Reached {
  if (!labelledPort) {
    return nowhere(
      'no-reachable-network',
      'it uses the host network; say its port with the label portolan.port',
    );
  }
  if (policy.ownPorts.includes(port)) {
    return nowhere(
      'no-reachable-network',
      `port ${port} of the host network is Portolan's own; use another port`,
    );
  }
  if (policy.reach.kind === 'shared') {
    return nowhere(
      'no-reachable-network',
      'it uses the host network, which Portolan in a container cannot reach',
    );
  }
  const address = policy.reach.kind === 'published' ? policy.reach.host : '127.0.0.1';
  return { kind: 'at', address, port };
}

function reachPublished(
  host: ContainerObservation,
  port: number,
  engineHost: string,
  policy: Policy,
): Reached {
  const published = host.published
    .filter((binding) => binding.port === port)
    .sort(
      (one, other) => rank(one.hostAddress) - rank(other.hostAddress) || one.hostPort - other.hostPort,
    )[0];
  if (published === undefined) {
    return nowhere(
      'port-not-published',
      `port ${port} is not published; publish it (-p ${port}), since only published ports can be reached here`,
    );
  }
  const wildcard = ['', '0.0.0.0', '::'].includes(published.hostAddress);
  const address = wildcard ? engineHost : published.hostAddress;
  if (isLoopback(address) && policy.ownPorts.includes(published.hostPort)) {
    return nowhere(
      'port-not-published',
      `its published port ${published.hostPort} is Portolan's own; publish another`,
    );
  }
  return { kind: 'at', address, port: published.hostPort };
}

/** Wildcards last: a named host address is the more exact wish. IPv4 before IPv6. */
const rank = (address: string): number =>
  ['', '0.0.0.0', '::'].includes(address) ? 2 : address.includes(':') ? 1 : 0;

function reachNetwork(
  host: ContainerObservation,
  port: number,
  wanted: string | null,
  allowed: (attachment: NetworkAttachment) => boolean,
  loopback = false,
): Reached {
  const attachments = host.networks.filter(
    (attachment) => allowed(attachment) && addressOf(attachment, loopback) !== null,
  );
  const chosen =
    wanted === null
      ? (attachments.find((attachment) => attachment.name === 'bridge') ?? attachments[0])
      : attachments.find((attachment) => attachment.name === wanted);
  const address = chosen === undefined ? null : addressOf(chosen, loopback);
  if (address !== null) return { kind: 'at', address, port };
  if (wanted !== null) {
    const names = attachments.map((attachment) => attachment.name).join(', ') || 'none';
    return nowhere(
      'no-reachable-network',
      `label portolan.network is "${wanted}"; reachable networks of this container: ${names}`,
    );
  }
  const elsewhere = host.networks.filter((attachment) => !allowed(attachment));
  const which = elsewhere.map(({ name, driver }) => (driver === undefined ? name : `${name}, ${driver}`));
  return nowhere(
    'no-reachable-network',
    which.length === 0
      ? 'it has no address on a network that Portolan can reach; connect it to a bridge network'
      : `its network (${which.join('; ')}) cannot be reached from here; connect it to a bridge network, or run Portolan in a container on that one`,
  );
}

/**
 * The host has a route to the addresses of its bridges only. Those of an overlay would be looked for on other machines;
 * of the rest (macvlan, ipvlan, plugins) whoever names the network by label has seen to a route.
 */
const isRoutedHere = ({ name, driver }: NetworkAttachment, wanted: string | null): boolean =>
  driver === undefined || (driver !== 'overlay' && name === wanted);

/** Its IPv4 address, else its IPv6 one; never the gateway, link-local, or (but for the simulator) loopback. */
function addressOf(attachment: NetworkAttachment, loopback: boolean): string | null {
  const usable = (address: string, gateway: string): boolean =>
    address !== '' && address !== gateway && !isForbidden(address, loopback);
  if (usable(attachment.address, attachment.gateway)) return attachment.address;
  if (usable(attachment.address6, attachment.gateway6)) return attachment.address6;
  return null;
}

function isForbidden(address: string, loopback: boolean): boolean {
  if (isLoopback(address)) return !loopback;
  return /^(0\.|169\.254\.|2(2[4-9]|[3-5]\d)\.|::$|fe[89ab][0-9a-f]:|ff)/i.test(address);
}

const isLoopback = (address: string): boolean =>
  address.startsWith('127.') || address === '::1' || address === 'localhost';

const nowhere = (reason: 'no-reachable-network' | 'port-not-published', detail: string): Reached => ({
  kind: 'nowhere',
  reason,
  detail,
});
