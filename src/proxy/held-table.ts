/** The routing table of one worker, as snapshots and deltas change it. */
import {
  createTable,
  type HostEntry,
  isForgotten,
  type RoutingTable,
  type TableDelta,
  type TableSnapshot,
} from '../routing/table.ts';

export interface HeldTable {
  readonly table: RoutingTable;
  /** Hosts that it does not hold are gone. How far it is vouched for stays as it was. */
  replace(snapshot: TableSnapshot): void;
  apply(delta: TableDelta): void;
}

/** @param onChange told of each host before it changes; undefined for one that is not there */
export function createHeldTable(
  first: TableSnapshot,
  onChange: (before: HostEntry | undefined, after: HostEntry | undefined) => void,
): HeldTable {
  const table = createTable({ ...first, hosts: [] });

  function put(hosts: readonly HostEntry[]): void {
    for (const entry of hosts) {
      if (isForgotten(entry)) {
        drop(entry.host);
        continue;
      }
      onChange(table.hosts.get(entry.host), entry);
      table.hosts.set(entry.host, entry);
    }
  }

  function drop(host: string): void {
    onChange(table.hosts.get(host), undefined);
    table.hosts.delete(host);
  }

  put(first.hosts);
  return {
    table,
    replace({ hosts, position }) {
      const kept = new Set<string>(hosts.map(({ host }) => host));
      put(hosts);
      for (const host of [...table.hosts.keys()]) if (!kept.has(host)) drop(host);
      table.position = position;
    },
    apply({ hosts, position }) {
      put(hosts);
      table.position = position;
    },
  };
}
