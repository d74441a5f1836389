/** Who was behind events, by the audit: what each is joined to, and on what basis. */
import type { DatabaseFile } from '../db/open.ts';
import type { Actor } from '../events/event.ts';
import type { Through } from './port.ts';

/** Those of the events that somebody is behind, each with the first audit entry that it is joined to. */
export type ThroughWhom = (positions: readonly number[]) => ReadonlyMap<number, Through>;

type Row = readonly [
  event: number,
  entry: number,
  kind: Actor['kind'],
  name: string,
  action: string,
  basis: Through['basis'],
];

export function createThrough(db: DatabaseFile): ThroughWhom {
  const behind = db
    .prepare(
      `SELECT j.value, a.position, a.actor_kind, a.actor_name, a.action, a.basis FROM json_each(?) j
       CROSS JOIN audit a ON a.position = (SELECT min(entry) FROM audit_consequences WHERE position = j.value)`,
    )
    .raw();
  return (positions) => {
    const rows = behind.all(JSON.stringify(positions)) as Row[];
    return new Map(
      rows.map(([event, position, kind, name, action, basis]) => [
        event,
        { position, actor: { kind, name }, action, basis },
      ]),
    );
  };
}
