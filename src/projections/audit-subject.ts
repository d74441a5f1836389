/** What the audit keeps in mind of a container: the commands that may still have effects, and what was joined last. */
import type { DatabaseFile } from '../db/open.ts';
import type { CommandKind } from '../events/commands.ts';
import type { StreamId } from '../events/ids.ts';
import type { Deed } from './deeds.ts';
import { createMany } from './many.ts';

export type Basis = 'exact' | 'window' | 'ambiguous';

/** A command, from its request until a while after its outcome. */
export interface CommandWindow {
  /** Position of the audit entry. */
  readonly entry: number;
  readonly kind: CommandKind;
  readonly command: string;
  /** The container as the command named it. */
  readonly name: string | null;
  /** That a `kill` sends; null of other commands. */
  readonly signal: string | null;
  /** Milliseconds since the epoch; null without an outcome. */
  readonly until: number | null;
  /** The container carries this command's id: it made it. */
  readonly proven: boolean;
  /** Effects that it has had, by their marks: another one of the same is not its own. */
  readonly had: readonly string[];
}

/** Entries that a signal was joined to. */
export interface Joined {
  readonly entries: readonly number[];
  readonly basis: Basis;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface OpenChange {
  readonly entry: number;
  readonly deed: Deed;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** Of the last signal of it. */
  readonly mark: string | null;
  /** How far a start has come that has only connected it to its networks so far. */
  readonly attempt: 'under way' | 'failed' | null;
}

export interface Subject {
  readonly windows: readonly CommandWindow[];
  /** A change that no command explains, while signals may still add to it. */
  readonly open: OpenChange | null;
  /** What the last signal was joined to: what is observed soon after shows its effect. */
  readonly last: Joined | null;
  /** As last observed; null before. */
  readonly seen: { readonly status: string; readonly startedAt: string | null; readonly name: string } | null;
  readonly stopSignal: string;
  /** The engine starts it again by itself. */
  readonly restarts: boolean;
  /** The engine removes it by itself once it has ended. */
  readonly autoRemove: boolean;
  /** What its end was joined to; null while it runs. */
  readonly end: Joined | null;
  /** When it was last seen to be sent SIGKILL since its start, milliseconds since the epoch. */
  readonly killed: number | null;
}

/** Commands on containers that are not known yet: a name that is still to be found, or one that is being made. */
export const unplaced = '' as StreamId;

const unknown: Subject = {
  windows: [],
  open: null,
  last: null,
  seen: null,
  stopSignal: 'SIGTERM',
  restarts: false,
  autoRemove: false,
  end: null,
  killed: null,
};

/** By the stream of the container's events: it is the same text for all of them, and need not be put together. */
export interface Subjects {
  get(stream: StreamId): Subject;
  put(stream: StreamId, subject: Subject): void;
  flush(): void;
  reset(): void;
}

/** Containers that are kept in memory between batches. */
const remembered = 10_000;

/** A container changes often within a batch, and is written once at its end. */
export function createSubjects(db: DatabaseFile): Subjects {
  const find = db.prepare('SELECT state FROM audit_subjects WHERE stream = ?').pluck();
  const store = createMany(db, 'INSERT OR REPLACE INTO audit_subjects (stream, state)', 2);
  const known = new Map<StreamId, Subject>();
  const changed = new Set<StreamId>();

  return {
    get(stream) {
      const found = known.get(stream);
      if (found !== undefined) return found;
      const state = find.get(stream) as string | undefined;
      const subject: Subject = state === undefined ? unknown : JSON.parse(state);
      known.set(stream, subject);
      return subject;
    },
    put(stream, subject) {
      known.set(stream, subject);
      changed.add(stream);
    },
    flush() {
      store([...changed].map((stream) => [stream, JSON.stringify(known.get(stream))]));
      changed.clear();
      if (known.size > remembered) known.clear();
    },
    reset() {
      known.clear();
      changed.clear();
    },
  };
}

export const isLive = (window: CommandWindow, now: number): boolean =>
  window.until === null || window.until >= now;
