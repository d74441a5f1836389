/** Who did what, newest first, from the `audit` projection. */
import type { DatabaseFile } from '../db/open.ts';
import type { Actor } from '../events/event.ts';
import { createContainerFinder } from './container-finder.ts';
import { decodeCursor, pageOf } from './cursor.ts';
import { parseActor } from './event-filter.ts';
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
  const findContainers = createContainerFinder(db);
  const consequences = db
    .prepare(
      'SELECT position FROM audit_consequences WHERE entry = ? AND position <> entry ORDER BY position LIMIT 1000',
    )
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
    const [before] = decodeCursor('audit', filter.cursor, ['number']) ?? [null];
    const { where, values } = conditions(filter, before, findContainers);
    const rows = db
      .prepare(`SELECT position, actor_kind AS actorKind, actor_name AS actorName, action, container, name,
        requested_ms AS requestedMs, completed_ms AS completedMs, outcome, detail, basis FROM audit
        ${where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`} ORDER BY position DESC LIMIT ?`)
      .all(...values, filter.limit + 1) as AuditRow[];
    return pageOf('audit', rows, filter.limit, view, (row) => [row.position]);
  };
}

function conditions(
  filter: AuditFilter,
  before: number | null,
  findContainers: ReturnType<typeof createContainerFinder>,
) {
  const where: string[] = [];
  const values: (string | number)[] = [];
  const add = (condition: string, ...more: (string | number)[]): void => {
    where.push(condition);
    values.push(...more);
  };
  if (before !== null) add('position < ?', before);
  if (filter.after !== undefined) add('position > ?', filter.after);
  if (filter.before !== undefined) add('position < ?', filter.before);
  if (filter.actor !== undefined) {
    const { kind, name } = parseActor(filter.actor);
    add('actor_kind = ?', kind);
    if (name !== null) add('actor_name = ?', name);
  }
  if (filter.container !== undefined) {
    const ids = findContainers(filter.container).map(({ id }) => id);
    add(
      '(container IN (SELECT value FROM json_each(?)) OR container = ? OR name = ?)',
      JSON.stringify(ids),
      filter.container,
      filter.container,
    );
  }
  if (filter.since !== undefined) add('requested_ms >= ?', filter.since);
  if (filter.until !== undefined) add('requested_ms <= ?', filter.until);
  return { where, values };
}
