/** The engine's networks; all of them are bridges, but for `host` and `none`. */
import { randomBytes } from 'node:crypto';

export interface Network {
  readonly id: string;
  readonly name: string;
  readonly driver: 'bridge' | 'host' | 'null';
}

export interface Networks {
  find(nameOrId: string): Network | null;
  create(name: string): Network;
  remove(nameOrId: string): boolean;
  list(): readonly Network[];
}

export function createNetworks(): Networks {
  const networks = new Map<string, Network>();
  const create = (name: string, driver: Network['driver'] = 'bridge'): Network => {
    const network = { id: randomBytes(32).toString('hex'), name, driver };
    networks.set(name, network);
    return network;
  };
  create('bridge');
  create('host', 'host');
  create('none', 'null');
  const find: Networks['find'] = (key) =>
    networks.get(key === 'default' ? 'bridge' : key) ??
    [...networks.values()].find(({ id }) => id === key) ??
    null;
  return {
    find,
    create: (name) => create(name),
    remove: (key) => networks.delete(find(key)?.name ?? ''),
    list: () => [...networks.values()],
  };
}
