/** The rows of the audit, and what was joined to each: kept in memory while a batch goes on, and written at its end. */
import type { DatabaseFile } from '../db/open.ts';
import type { Actor, ProjectedEvent } from '../events/event.ts';
import type { ContainerId, EngineId, EventId } from '../events/ids.ts';
import type { LogReader } from '../log/port.ts';
import type { Basis } from './audit-subject.ts';
import { createMany } from './many.ts';

export interface NewEntry {
  readonly actor: Actor;
  readonly action: string;
  readonly command?: string;
  readonly container: ContainerId | null;
  readonly name: string | null;
  readonly outcome: 'pending' | 'refused' | 'observed';
  readonly requestedMs: number;
  readonly completedMs: number | null;
  readonly detail: string;
}

export interface Settled {
  readonly command: string;
  readonly outcome: 'succeeded' | 'failed' | 'unknown';
  readonly completedMs: number;
  readonly detail: string;
}

export interface Entries {
  add(event: ProjectedEvent, entry: NewEntry): void;
  settle(settled: Settled): void;
  /** The container turned out to be this one. */
  place(entry: number, engine: EngineId | null, container: ContainerId): void;
  /** A change from outside goes on: what it is now, and who did it. */
  grow(entry: number, growth: { action: string; actor: Actor; completedMs: number; detail: string }): void;
  /** An observation begins, that decisions may have as their cause. */
  sight(event: ProjectedEvent): void;
  join(entries: readonly number[], event: ProjectedEvent, basis: Basis): void;
  ofCommand(
    command: string,
  ): { entry: number; engine: EngineId | null; container: ContainerId | null } | null;
  /** Entries to which an observation is joined, by its event's id. */
  joined(id: string): readonly number[];
  flush(): void;
  reset(): void;
}

interface Entry {
  readonly position: number;
  readonly actor: Actor;
  readonly action: string;
  readonly command: string | null;
  readonly engine: EngineId | null;
  readonly container: ContainerId | null;
  readonly name: string | null;
  readonly requestedMs: number;
  readonly completedMs: number | null;
  readonly outcome: string;
  readonly detail: string;
  readonly basis: Basis;
}

/** What decisions have as their cause: they belong to the same entries. */
const isCause = ({ type }: ProjectedEvent): boolean =>
  type === 'ContainerObserved' || type === 'ContainerLost';

const ranks: Readonly<Record<Basis, number>> = { exact: 0, window: 1, ambiguous: 2 };

/** Entries, and observations, that are kept in memory between batches. */
const remembered = 10_000;

export function createEntries(db: DatabaseFile, log: LogReader): Entries {
  const rows = createRows(db);
  const joins = createJoins(db, log);
  const commands = new Map<string, number>();
  const byCommand = db.prepare('SELECT position FROM audit WHERE command = ?').pluck();
  const entryOf = (command: string): number | undefined =>
    commands.get(command) ?? (byCommand.get(command) as number | undefined);
  const change = (entry: number, changes: Partial<Entry>): void =>
    rows.put({ ...rows.get(entry), ...changes });

  return {
    add({ position, engineId }, { command = null, ...entry }) {
      if (command !== null) commands.set(command, position);
      rows.put({ ...entry, position, command, engine: engineId, basis: 'exact' });
    },
    settle({ command, detail: more, ...outcome }) {
      const entry = entryOf(command);
      if (entry === undefined) return;
      const { detail } = rows.get(entry);
      change(entry, { ...outcome, detail: [detail, more].filter(Boolean).join(': ') });
    },
    place: (entry, engine, container) => change(entry, { engine, container }),
    grow(entry, { detail: more, ...growth }) {
      const { detail } = rows.get(entry);
      const isTold = more === '' || detail.split(', ').includes(more);
      change(entry, { ...growth, detail: isTold ? detail : [detail, more].filter(Boolean).join(', ') });
    },
    sight: ({ id }) => joins.sight(id),
    join(entries, event, how) {
      for (const entry of entries) {
        joins.add(entry, event.position, isCause(event) ? event.id : null);
        if (how !== 'exact' && ranks[how] > ranks[rows.get(entry).basis]) change(entry, { basis: how });
      }
    },
    ofCommand(command) {
      const entry = entryOf(command);
      if (entry === undefined) return null;
      const { engine, container } = rows.get(entry);
      return { entry, engine, container };
    },
    joined: joins.of,
    flush() {
      rows.flush();
      joins.flush();
      commands.clear();
    },
    reset() {
      rows.reset();
      joins.reset();
      commands.clear();
    },
  };
}

function createRows(db: DatabaseFile) {
  const find =
    db.prepare(`SELECT position, actor_kind AS actorKind, actor_name AS actorName, action, command, engine, container,
      name, requested_ms AS requestedMs, completed_ms AS completedMs, outcome, detail, basis FROM audit WHERE position = ?`);
  const columns = `position, actor_kind, actor_name, action, command, engine, container,
    name, requested_ms, completed_ms, outcome, detail, basis`;
  const store = createMany(db, `INSERT OR REPLACE INTO audit (${columns})`, 13);
  const known = new Map<number, Entry>();
  const changed = new Set<number>();
  type Stored = Omit<Entry, 'actor'> & { actorKind: Actor['kind']; actorName: string };

  return {
    get(position: number): Entry {
      const found = known.get(position);
      if (found !== undefined) return found;
      const { actorKind: kind, actorName: name, ...stored } = find.get(position) as Stored;
      const entry = { ...stored, actor: { kind, name } };
      known.set(position, entry);
      return entry;
    },
    put(entry: Entry): void {
      known.set(entry.position, entry);
      changed.add(entry.position);
    },
    flush(): void {
      store([...changed].map((position) => rowOf(known.get(position)!)));
      changed.clear();
      if (known.size > remembered) known.clear();
    },
    reset(): void {
      known.clear();
      changed.clear();
    },
  };
}

function rowOf({ position, actor, action, command, engine, container, name, ...rest }: Entry): unknown[] {
  const { requestedMs, completedMs, outcome, detail, basis } = rest;
  const subject = [action, command, engine, container, name];
  return [position, actor.kind, actor.name, ...subject, requestedMs, completedMs, outcome, detail, basis];
}

function createJoins(db: DatabaseFile, log: LogReader) {
  const put = createMany(db, 'INSERT OR IGNORE INTO audit_consequences (position, entry)', 2);
  const find = db.prepare('SELECT entry FROM audit_consequences WHERE position = ? ORDER BY entry').pluck();
  /** By id of the observation. */
  const known = new Map<string, number[]>();
  let added: [position: number, entry: number][] = [];

  function stored(id: string): readonly number[] {
    const position = log.positionOf(id as EventId);
    const cause = position === null ? null : log.event(position);
    return cause !== null && isCause(cause) ? (find.all(position) as number[]) : [];
  }

  return {
    sight: (id: string): void => void known.set(id, []),
    add(entry: number, position: number, id: string | null): void {
      added.push([position, entry]);
      const entries = id === null ? undefined : known.get(id);
      if (entries?.includes(entry) === false) entries.push(entry);
    },
    of: (id: string): readonly number[] => known.get(id)?.toSorted((one, other) => one - other) ?? stored(id),
    flush(): void {
      put(added);
      added = [];
      if (known.size > remembered) known.clear();
    },
    reset(): void {
      known.clear();
      added = [];
    },
  };
}
