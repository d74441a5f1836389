/** Who did what, newest first, from the `audit` projection. */
import type { DatabaseFile } from '../db/open.ts';
import type { Actor } from '../events/event.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import type { AuditEntry, AuditFilter, Page } from './port.ts';

interface AuditRow {
  readonly position: number;
  readonly actorKind: Actor['kind'];
  readonly actorName: string;
  readonly action: string;
  readonly container: string | null;
  readonly name: string | null;
  readonly requestedMs: number;
  readonly completedMs: number | null;
  readonly outcome: AuditEntry['outcome'];
  readonly detail: string;
  readonly basis: AuditEntry['basis'];
}

export function createAuditQuery(db: DatabaseFile): (filter: AuditFilter) => Page<AuditEntry> {
  const consequences = db
    .prepare('SELECT position FROM audit_consequences WHERE entry = ? ORDER BY position LIMIT 1000')
    .pluck();
  const view = (row: AuditRow): AuditEntry => ({
    position: row.position,
    actor: { kind: row.actorKind, name: row.actorName },
    action: row.action,
    container: row.container,
    name: row.name,
    requestedAt: new Date(row.requestedMs).toISOString(),
    completedAt: row.completedMs === null ? null : new Date(row.completedMs).toISOString(),
    outcome: row.outcome,
    detail: row.detail,
    basis: row.basis,
    consequences: consequences.all(row.position) as number[],
  });
  return (filter) => {
    const [before] = decodeCursor(filter.cursor, ['number']) ?? [null];
    const { where, values } = conditions(filter, before);
    const rows = db
      .prepare(`SELECT position, actor_kind AS actorKind, actor_name AS actorName, action, container, name,
        requested_ms AS requestedMs, completed_ms AS completedMs, outcome, detail, basis FROM audit
        ${where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`} ORDER BY position DESC LIMIT ?`)
      .all(...values, filter.limit + 1) as AuditRow[];
    return pageOf(rows, filter.limit, view, (row) => [row.position]);
  };
}

function conditions(filter: AuditFilter, before: number | null) {
  const where: string[] = [];
  const values: (string | number)[] = [];
  const add = (condition: string, ...more: (string | number)[]): void => {
    where.push(condition);
    values.push(...more);
  };
  if (before !== null) add('position < ?', before);
  if (filter.actor !== undefined) {
    const [kind, ...name] = filter.actor.split(':');
    add('actor_kind = ?', kind!);
    if (name.length > 0) add('actor_name = ?', name.join(':'));
  }
  if (filter.container !== undefined) {
    const one = filter.container;
    const prefix = /^[0-9a-f]{12,63}$/.test(one) ? `${one}%` : one;
    add(
      '(container = ? OR name = ? OR container LIKE ? OR container IN (SELECT id FROM containers WHERE name = ?))',
      one,
      one,
      prefix,
      one,
    );
  }
  if (filter.since !== undefined) add('requested_ms >= ?', filter.since);
  if (filter.until !== undefined) add('requested_ms <= ?', filter.until);
  return { where, values };
}
