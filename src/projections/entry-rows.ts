/** The rows of `host_entries` and `host_names`: an entry is written where it differs from the one before, at the end of a batch. */
import type { DatabaseFile } from '../db/open.ts';
import type { Host, Position } from '../events/ids.ts';
import { entryOf } from '../routing/entries.ts';
import type { State } from '../routing/state.ts';
import type { HostEntry } from '../routing/table.ts';
import { createMany } from './many.ts';
import { storeEntry } from './stored-entry.ts';

/** Hosts whose entries are kept in memory between batches, to tell whether one has changed. */
const remembered = 20_000;

export function createEntryRows(db: DatabaseFile) {
  const last = db
    .prepare('SELECT entry FROM host_entries WHERE host = ? ORDER BY from_position DESC LIMIT 1')
    .pluck();
  const columns = 'host, from_position, from_ms, entry';
  const insert = createMany(db, `INSERT OR REPLACE INTO host_entries (${columns})`, 4);
  const names = createNames(db);
  const known = new Map<Host, Known>();
  let changed: Row[] = [];

  /** As it was before this event. */
  function knownOf(host: Host): Known {
    const found = known.get(host);
    if (found !== undefined) return found;
    const number = names.numberOf(host);
    const loaded = { number, entry: undefined, text: (last.get(number) as string | undefined) ?? forgotten };
    known.set(host, loaded);
    return loaded;
  }

  return {
    put(state: State, host: Host): void {
      const { position, recordedAt } = state;
      const before = knownOf(host);
      const entry = entryOf(state, host);
      if (isSurelySame(before.entry, entry)) return;
      before.entry = entry;
      const text = storeEntry(entry);
      if (text === before.text) return;
      if (text === forgotten) names.forget(host, position);
      else if (before.text === forgotten) before.number = names.learn(host, position);
      before.text = text;
      changed.push([before.number, position, recordedAt, text]);
    },
    /** In the order of the key, so that rows which are neighbours in the file are written one after the other. */
    flush(): void {
      insert(changed.sort((one, other) => one[0] - other[0] || one[1] - other[1]));
      changed = [];
      if (known.size > remembered) known.clear();
    },
    forget(): void {
      known.clear();
      names.reset();
      changed = [];
    },
  };
}

/** Of a host that is not known, or no more. */
const forgotten = storeEntry({ host: '' as Host, routes: [], sentence: '' });

/** The newest entry of a host. */
interface Known {
  /** 0 while it has none. */
  number: number;
  /** Undefined if it is not in memory. */
  entry: HostEntry | undefined;
  /** As it is stored. */
  text: string;
}

type Row = readonly [number: number, fromPosition: number, fromMs: number, entry: string];

/** A host gets the next number when it is first known, and keeps it. */
function createNames(db: DatabaseFile) {
  const find = db.prepare('SELECT number FROM host_names WHERE host = ? LIMIT 1').pluck();
  const highest = db.prepare('SELECT ifnull(max(number), 0) FROM host_names').pluck();
  const add = db.prepare('INSERT OR REPLACE INTO host_names (host, number, from_position) VALUES (?, ?, ?)');
  const end = db.prepare('UPDATE host_names SET to_position = ? WHERE host = ? AND to_position IS NULL');
  let last: number | null = null;
  const next = (): number => {
    last = (last ?? (highest.get() as number)) + 1;
    return last;
  };
  const numberOf = (host: Host): number => (find.get(host) as number | undefined) ?? 0;
  return {
    numberOf,
    learn(host: Host, position: Position): number {
      const number = numberOf(host) || next();
      add.run(host, number, position);
      return number;
    },
    forget: (host: Host, position: Position): void => void end.run(position, host),
    /** What was written last may have been taken back. */
    reset(): void {
      last = null;
    },
  };
}

/** Most events change nothing of their hosts; then the parts are the very same ones, and need not be written out. */
function isSurelySame(before: HostEntry | undefined, now: HostEntry): boolean {
  return (
    before !== undefined &&
    before.sentence === now.sentence &&
    before.routes.length === now.routes.length &&
    before.routes.every((route, index) => {
      const other = now.routes[index]!;
      return (
        route.id === other.id &&
        route.path === other.path &&
        route.sentence === other.sentence &&
        route.traffic === other.traffic &&
        (route.targets === other.targets || route.targets.length + other.targets.length === 0)
      );
    })
  );
}
