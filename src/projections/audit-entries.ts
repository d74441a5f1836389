/** The rows of the audit, and what was joined to each. */
import type { DatabaseFile } from '../db/open.ts';
import type { Actor, Event } from '../events/event.ts';
import type { Basis } from './audit-subject.ts';

export interface NewEntry {
  readonly actor: Actor;
  readonly action: string;
  readonly command?: string;
  readonly container: string | null;
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
  add(event: Event, entry: NewEntry): void;
  settle(settled: Settled): void;
  /** The container turned out to be this one. */
  place(entry: number, engine: string, container: string): void;
  /** A change from outside goes on: what it is now, and who did it. */
  grow(entry: number, growth: { action: string; actor: Actor; completedMs: number; detail: string }): void;
  join(entries: readonly number[], event: Event, basis: Basis): void;
  ofCommand(command: string): { entry: number; engine: string | null; container: string | null } | null;
  /** Entries to which an observation is joined, by its event's id. */
  joined(id: string): readonly number[];
}

/** What decisions have as their cause. */
const causes: ReadonlySet<string> = new Set(['ContainerObserved', 'ContainerLost']);

const ranks: Readonly<Record<Basis, number>> = { exact: 0, window: 1, ambiguous: 2 };

export function createEntries(db: DatabaseFile): Entries {
  const add =
    db.prepare(`INSERT INTO audit (position, actor_kind, actor_name, action, command, engine, container, name,
    requested_ms, completed_ms, outcome, detail, basis) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'exact')`);
  const settle = db.prepare('UPDATE audit SET outcome = ?, completed_ms = ?, detail = ? WHERE command = ?');
  const place = db.prepare('UPDATE audit SET engine = ?, container = ? WHERE position = ?');
  const grow = db.prepare(
    'UPDATE audit SET action = ?, actor_kind = ?, actor_name = ?, completed_ms = ?, detail = ? WHERE position = ?',
  );
  const detail = db.prepare('SELECT detail FROM audit WHERE position = ?').pluck();
  const basis = db.prepare('SELECT basis FROM audit WHERE position = ?').pluck();
  const setBasis = db.prepare('UPDATE audit SET basis = ? WHERE position = ?');
  const join = db.prepare('INSERT OR IGNORE INTO audit_consequences (entry, position, id) VALUES (?, ?, ?)');
  const ofCommand = db.prepare('SELECT position AS entry, engine, container FROM audit WHERE command = ?');
  const joined = db.prepare('SELECT entry FROM audit_consequences WHERE id = ? ORDER BY entry').pluck();

  return {
    add({ position, engineId }, entry) {
      const { actor, action, command = null, container, name } = entry;
      const { requestedMs, completedMs, outcome, detail: text } = entry;
      const subject = [action, command, engineId, container, name];
      add.run(position, actor.kind, actor.name, ...subject, requestedMs, completedMs, outcome, text);
    },
    settle: ({ outcome, completedMs, detail: text, command }) =>
      settle.run(outcome, completedMs, text, command),
    place: (entry, engine, container) => place.run(engine, container, entry),
    grow(entry, { action, actor, completedMs, detail: more }) {
      const before = detail.get(entry) as string;
      const text =
        more === '' || before.split(', ').includes(more) ? before : [before, more].filter(Boolean).join(', ');
      grow.run(action, actor.kind, actor.name, completedMs, text, entry);
    },
    join(entries, event, how) {
      for (const entry of entries) {
        join.run(entry, event.position, causes.has(event.type) ? event.id : null);
        if (ranks[how] > ranks[basis.get(entry) as Basis]) setBasis.run(how, entry);
      }
    },
    ofCommand: (command) => (ofCommand.get(command) as ReturnType<Entries['ofCommand']>) ?? null,
    joined: (id) => joined.all(id) as number[],
  };
}
