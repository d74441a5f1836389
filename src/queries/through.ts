/** Who was behind an event, by the audit: what it is joined to, and on what basis. */
import type { DatabaseFile } from '../db/open.ts';
import type { Actor } from '../events/event.ts';
import type { Through } from './port.ts';

/** Null for an event that nobody is behind, and for none. */
export type ThroughWhom = (position: number | null) => Through | null;

export function createThrough(db: DatabaseFile): ThroughWhom {
  const behind = db.prepare(`SELECT a.position, a.actor_kind AS kind, a.actor_name AS name, a.action, a.basis
    FROM audit_consequences c JOIN audit a ON a.position = c.entry WHERE c.position = ? LIMIT 1`);
  return (position) => {
    if (position === null) return null;
    const found = behind.get(position) as
      | (Omit<Through, 'actor'> & { kind: Actor['kind']; name: string })
      | undefined;
    if (found === undefined) return null;
    const { kind, name, ...rest } = found;
    return { ...rest, actor: { kind, name } };
  };
}
