/** Containers on networks: addresses while they run, and what the engine says when they come and go. */
import { type Container, type Endpoint, hasOwnNetwork, isRunning } from './container.ts';
import type { ContainerEvents } from './container-events.ts';
import { Refusal } from './http.ts';
import type { Network, Networks } from './networks.ts';
import type { Random } from './random.ts';

export interface Attachments {
  /** On creation: the networks that were asked for, by name. They need not exist yet. */
  plan(container: Container, names: ReadonlyMap<string, readonly string[]>): void;
  /** Before the start: an address on each. @throws {Refusal} if a network is not there, or full */
  join(container: Container): void;
  /** After the end. */
  leave(container: Container): void;
  connect(container: Container, network: Network, aliases: readonly string[]): Promise<void>;
  disconnect(container: Container, network: Network): Promise<void>;
  /** Whether a running container is on it. */
  isUsed(network: Network): boolean;
}

export function createAttachments(deps: {
  readonly networks: Networks;
  readonly events: ContainerEvents;
  readonly random: Random;
  readonly list: () => readonly Container[];
  readonly checkpoint: (container: Container) => void;
}): Attachments {
  const { networks, events, random, checkpoint } = deps;
  /** What was asked for and is not resolved yet, for networks may be made after the container. */
  const plans = new WeakMap<Container, ReadonlyMap<string, readonly string[]>>();

  function resolve(container: Container): void {
    for (const [name, aliases] of plans.get(container) ?? []) {
      const network = networks.get(name);
      if (!container.endpoints.has(network.name)) add(container, network, aliases);
    }
    plans.delete(container);
  }

  function add(container: Container, network: Network, aliases: readonly string[]): Endpoint {
    const own = ['bridge', 'host', 'none'].includes(network.name) ? [] : [container.id.slice(0, 12)];
    const endpoint = { network, aliases: [...aliases, ...own], id: '', address: '' };
    container.endpoints.set(network.name, endpoint);
    return endpoint;
  }

  function occupy(container: Container, endpoint: Endpoint): void {
    try {
      endpoint.address = endpoint.network.addresses?.take() ?? '';
    } catch (error) {
      throw new Refusal(500, (error as Error).message);
    }
    endpoint.id = random.hex(32);
    events.sayNetwork('connect', endpoint.network, container);
  }

  function vacate(endpoint: Endpoint): void {
    if (endpoint.address !== '') endpoint.network.addresses?.release(endpoint.address);
    endpoint.address = '';
    endpoint.id = '';
  }

  return {
    plan(container, names) {
      plans.set(container, names);
      for (const [name, aliases] of names) {
        const network = networks.find(name);
        if (network !== null) add(container, network, aliases);
      }
    },
    join(container) {
      resolve(container);
      // The network of its mode comes first.
      const first = networks.find(container.config.networkMode)?.name;
      const ordered = [...container.endpoints.values()].sort(
        (one, other) => Number(other.network.name === first) - Number(one.network.name === first),
      );
      for (const endpoint of ordered) {
        const { network } = endpoint;
        if (networks.find(network.id) === null) throw new Refusal(404, `network ${network.name} not found`);
        occupy(container, endpoint);
      }
    },
    leave(container) {
      for (const endpoint of container.endpoints.values()) {
        if (endpoint.id === '') continue;
        vacate(endpoint);
        events.sayNetwork('disconnect', endpoint.network, container);
      }
    },
    connect: (container, network, aliases) =>
      container.lock.exclusive(async () => {
        checkChangeable(container, network);
        if (container.endpoints.has(network.name) && isRunning(container)) {
          throw new Refusal(
            403,
            `endpoint with name ${container.name} already exists in network ${network.name}`,
          );
        }
        const endpoint = add(container, network, aliases);
        if (isRunning(container)) {
          occupy(container, endpoint);
          await container.process?.listen(endpoint.address);
        }
        checkpoint(container);
      }),
    disconnect: (container, network) =>
      container.lock.exclusive(async () => {
        checkChangeable(container, network);
        const endpoint = container.endpoints.get(network.name);
        if (endpoint === undefined) {
          throw new Refusal(500, `container ${container.id} is not connected to network ${network.name}`);
        }
        container.endpoints.delete(network.name);
        const { address } = endpoint;
        if (isRunning(container)) {
          // A running one is said twice.
          events.sayNetwork('disconnect', network, container);
          if (address !== '') await container.process?.leave(address);
        }
        vacate(endpoint);
        events.sayNetwork('disconnect', network, container);
        checkpoint(container);
      }),
    isUsed: (network) =>
      deps.list().some((container) => (container.endpoints.get(network.name)?.id ?? '') !== ''),
  };
}

function checkChangeable({ config }: Container, network: Network): void {
  if (network.driver === 'host') {
    throw new Refusal(400, 'container cannot be disconnected from host network or connected to host network');
  }
  if (!hasOwnNetwork(config)) {
    throw new Refusal(
      400,
      'container sharing network namespace with another container or host cannot be connected to any other network',
    );
  }
}
