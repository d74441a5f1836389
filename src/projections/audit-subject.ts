/** What the audit keeps in mind of a container: the commands that may still have effects, and what was joined last. */
import type { DatabaseFile } from '../db/open.ts';
import type { CommandKind } from '../events/commands.ts';
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

export interface Subject {
  readonly windows: readonly CommandWindow[];
  /** A change that no command explains, while signals may still add to it. */
  readonly open: { readonly entry: number; readonly deed: Deed; readonly until: number } | null;
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

export interface SubjectKey {
  readonly engine: string;
  readonly container: string;
}

/** Commands on containers that are not known yet: a name that is still to be found, or one that is being made. */
export const unplaced: SubjectKey = { engine: '', container: '' };

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

export interface Subjects {
  get(key: SubjectKey): Subject;
  put(key: SubjectKey, subject: Subject): void;
  flush(): void;
  reset(): void;
}

/** Containers that are kept in memory between batches. */
const remembered = 10_000;

/** A container changes often within a batch, and is written once at its end. */
export function createSubjects(db: DatabaseFile): Subjects {
  const find = db.prepare('SELECT state FROM audit_subjects WHERE engine = ? AND container = ?').pluck();
  const store = createMany(db, 'INSERT OR REPLACE INTO audit_subjects (engine, container, state)', 3);
  const known = new Map<string, { readonly key: SubjectKey; readonly subject: Subject }>();
  const changed = new Set<string>();
  const nameOf = ({ engine, container }: SubjectKey): string => `${engine}/${container}`;

  return {
    get(key) {
      const name = nameOf(key);
      const found = known.get(name);
      if (found !== undefined) return found.subject;
      const state = find.get(key.engine, key.container) as string | undefined;
      const subject: Subject = state === undefined ? unknown : JSON.parse(state);
      known.set(name, { key, subject });
      return subject;
    },
    put(key, subject) {
      const name = nameOf(key);
      known.set(name, { key, subject });
      changed.add(name);
    },
    flush() {
      store(
        [...changed].map((name) => {
          const { key, subject } = known.get(name)!;
          return [key.engine, key.container, JSON.stringify(subject)];
        }),
      );
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
