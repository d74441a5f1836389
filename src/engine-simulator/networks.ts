/** The engine's networks; all of them are bridges, but for `host` and `none`. */
import type { Addresses, AddressPool } from './addresses.ts';
import { Refusal } from './http.ts';
import type { Journal } from './journal.ts';
import type { Random } from './random.ts';

export interface Network {
  readonly id: string;
  readonly name: string;
  readonly driver: 'bridge' | 'host' | 'null';
  readonly created: bigint;
  readonly labels: Readonly<Record<string, string>>;
  readonly internal: boolean;
  /** null for `host` and `none`. */
  readonly addresses: Addresses | null;
}

export interface Networks {
  /** By name, id or unique prefix of one; `default` is `bridge`. */
  find(key: string): Network | null;
  /** @throws {Refusal} 404 */
  get(key: string): Network;
  /** @throws {Refusal} 409 */
  create(name: string, options?: Partial<Pick<Network, 'labels' | 'internal'>>): Network;
  remove(network: Network): void;
  list(): readonly Network[];
}

const predefined = ['bridge', 'host', 'none'];

export function createNetworks(deps: {
  readonly clock: { now(): bigint };
  readonly journal: Journal;
  readonly random: Random;
  readonly pool: AddressPool;
}): Networks {
  const { clock, journal, random, pool } = deps;
  const networks = new Map<string, Network>();

  function add(
    name: string,
    driver: Network['driver'],
    options: Partial<Pick<Network, 'labels' | 'internal'>> = {},
  ): Network {
    const network: Network = {
      id: random.hex(32),
      name,
      driver,
      created: clock.now(),
      labels: options.labels ?? {},
      internal: options.internal ?? false,
      addresses: driver === 'bridge' ? pool.take() : null,
    };
    networks.set(name, network);
    return network;
  }
  add('bridge', 'bridge');
  add('host', 'host');
  add('none', 'null');

  function find(key: string): Network | null {
    const named = networks.get(key === 'default' ? 'bridge' : key);
    if (named !== undefined) return named;
    const prefixed = [...networks.values()].filter(({ id }) => key.length >= 4 && id.startsWith(key));
    return prefixed.length === 1 ? prefixed[0]! : null;
  }

  return {
    find,
    get(key) {
      const network = find(key);
      if (network === null) throw new Refusal(404, `network ${key} not found`);
      return network;
    },
    create(name, options) {
      if (networks.has(name)) throw new Refusal(409, `network with name ${name} already exists`);
      const network = add(name, 'bridge', options);
      journal.emit('network', 'create', network.id, { name, type: network.driver });
      return network;
    },
    remove(network) {
      const { id, name, driver, addresses } = network;
      if (predefined.includes(name)) {
        throw new Refusal(403, `${name} is a pre-defined network and cannot be removed`);
      }
      networks.delete(name);
      if (addresses !== null) pool.release(addresses);
      journal.emit('network', 'destroy', id, { name, type: driver });
    },
    list: () => [...networks.values()],
  };
}
