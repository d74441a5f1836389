/** What the proxy is told of the table: what closes before that is on disk, all else after. */
import type { Host, Position } from '../events/ids.ts';
import type { State } from '../routing/state.ts';
import type { HostEntry, TableDelta } from '../routing/table.ts';
import type { TableEntries } from './table-entries.ts';
import { withdrawn } from './withdraw.ts';

export interface TableFeed {
  /** What is on disk now. */
  tell(hosts: Iterable<Host>, state: State, position: Position): void;
  /** Takes targets that are gone out of the table. @param ahead what is going to be on disk */
  withdraw(hosts: Iterable<Host>, state: State, ahead: State): void;
}

export function createTableFeed(
  entries: Pick<TableEntries, 'of'>,
  applyDelta: (delta: TableDelta) => void,
): TableFeed {
  const send = (position: Position, hosts: readonly HostEntry[]): void => {
    if (hosts.length > 0) applyDelta({ position, hosts });
  };
  return {
    tell: (hosts, state, position) =>
      send(
        position,
        [...hosts].map((host) => entries.of(state, host)),
      ),
    withdraw: (hosts, state, ahead) =>
      send(
        state.position,
        [...hosts].flatMap((host) => withdrawn(entries.of(state, host), entries.of(ahead, host)) ?? []),
      ),
  };
}
