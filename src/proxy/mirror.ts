/** The current table as control told it, for workers that start later. */
import {
  type HostEntry,
  isForgotten,
  type TableDelta,
  type TableSnapshot,
  type Trust,
} from '../routing/table.ts';

export interface Mirror {
  read(): TableSnapshot;
  replace(snapshot: TableSnapshot): void;
  apply(delta: TableDelta): void;
  setTrust(trust: Trust): void;
}

export function createMirror(): Mirror {
  const hosts = new Map<string, HostEntry>();
  let head: Pick<TableSnapshot, 'position' | 'trust'>;
  return {
    read: () => ({ ...head, hosts: [...hosts.values()] }),
    replace(snapshot) {
      hosts.clear();
      for (const entry of snapshot.hosts) hosts.set(entry.host, entry);
      head = { position: snapshot.position, trust: snapshot.trust };
    },
    apply(delta) {
      for (const entry of delta.hosts) {
        if (isForgotten(entry)) hosts.delete(entry.host);
        else hosts.set(entry.host, entry);
      }
      head = { ...head, position: delta.position };
    },
    setTrust(trust) {
      head = { ...head, trust };
    },
  };
}
