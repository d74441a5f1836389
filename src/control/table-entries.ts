/** The table's entries, each made by itself: one that cannot be made, which is a defect, closes its own host only. */
import type { Host } from '../events/ids.ts';
import { entriesOf, entryOf } from '../routing/entries.ts';
import type { State } from '../routing/state.ts';
import type { HostEntry } from '../routing/table.ts';

export interface TableEntries {
  of(state: State, host: Host): HostEntry;
  all(state: State): HostEntry[];
}

/** @param onError told once for each host until its entry can be made again */
export function createTableEntries(onError: (error: unknown) => void): TableEntries {
  const broken = new Set<Host>();

  function of(state: State, host: Host): HostEntry {
    try {
      const entry = entryOf(state, host);
      broken.delete(host);
      return entry;
    } catch (error) {
      if (!broken.has(host)) onError(error);
      broken.add(host);
      // Not as it was: an address of then may belong to somebody else by now.
      return { host, routes: [], sentence: `${host} has no upstream: ${reason}` };
    }
  }

  return { of, all: (state) => entriesOf(state, of) };
}

const reason =
  'what it has could not be worked out, which is a defect of Portolan; its service log says more.';
