/**
 * `audit`: who did what, and what followed.
 *
 * The engine gives no request id, so joining a command to the signals that follow it is a reading, and its basis is
 * said: `exact` by the command id that a created container carries or by an exact cause in the log, `window` where one
 * command fits in kind, container and time, `ambiguous` where several do. What no command explains came from outside.
 */
import type { DatabaseFile } from '../db/open.ts';
import type { Event } from '../events/event.ts';
import { actionOf, fits, isDeed, type SignalEvent } from './deeds.ts';
import type { Projection } from './projection.ts';

/** Milliseconds after a command's outcome, or after an outside change, in which signals still belong to it. */
const tail = 2_000;
/** Milliseconds that a command may run: beyond it nothing is joined to it any more. */
const longest = 600_000;

interface Entry {
  readonly position: number;
  readonly action: string;
  readonly command: string | null;
  readonly outcome: string;
  readonly completedMs: number | null;
  readonly lastMs: number;
  readonly requestedMs: number;
}

type Statements = ReturnType<typeof prepare>;

export const audit: Projection = {
  name: 'audit',
  version: 1,
  tables: ['audit', 'audit_consequences'],
  open(db) {
    const statements = prepare(db);
    return (event) => apply(statements, event);
  },
};

function prepare(db: DatabaseFile) {
  return {
    begin:
      db.prepare(`INSERT INTO audit (position, actor_kind, actor_name, action, command, engine, container, name,
      requested_ms, completed_ms, last_ms, outcome, detail, basis) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    settle: db.prepare(`UPDATE audit SET outcome = ?, completed_ms = ?, last_ms = ?, detail = ?,
      container = coalesce(container, ?) WHERE command = ?`),
    adopt: db.prepare('UPDATE audit SET container = coalesce(container, ?) WHERE position = ?'),
    rename: db.prepare('UPDATE audit SET action = ?, last_ms = ? WHERE position = ?'),
    touch: db.prepare('UPDATE audit SET last_ms = max(last_ms, ?), basis = ? WHERE position = ?'),
    recent:
      db.prepare(`SELECT position, action, command, outcome, completed_ms AS completedMs, last_ms AS lastMs,
      requested_ms AS requestedMs FROM audit WHERE container = ? AND requested_ms >= ? ORDER BY position DESC LIMIT 20`),
    byCommand: db.prepare('SELECT position FROM audit WHERE command = ?').pluck(),
    byCause: db.prepare('SELECT DISTINCT entry FROM audit_consequences WHERE id = ?').pluck(),
    follow: db.prepare('INSERT OR IGNORE INTO audit_consequences (entry, position, id) VALUES (?, ?, ?)'),
  };
}

function apply(statements: Statements, event: Event): void {
  switch (event.type) {
    case 'CommandRequested':
      beginCommand(statements, event);
      return;
    case 'CommandSucceeded':
      settle(statements, event, 'succeeded', '');
      return;
    case 'CommandFailed':
      settle(statements, event, 'failed', event.data.message);
      return;
    case 'CommandOutcomeUnknown':
      settle(statements, event, 'unknown', event.data.reason);
      return;
    case 'CommandRefused': {
      const { reason, count } = event.data;
      insert(statements, event, {
        action: 'refused',
        outcome: 'refused',
        detail: `${count} calls: ${reason}`,
      });
      return;
    }
    case 'ContainerObserved':
    case 'ContainerLost':
      joinObservation(statements, event);
      return;
    case 'RouteOpened':
    case 'RouteChanged':
    case 'RouteClosed':
    case 'RouteRefused':
      for (const entry of statements.byCause.all(event.causationId ?? '') as number[])
        follow(statements, entry, event);
      return;
    default:
      if (isDeed(event)) joinSignal(statements, event);
  }
}

interface Beginning {
  readonly action: string;
  readonly outcome: 'pending' | 'refused' | 'observed';
  readonly detail?: string;
  readonly actor?: Event['actor'];
  readonly command?: string;
  readonly container?: string | null;
  readonly name?: string | null;
}

function insert(statements: Statements, event: Event, beginning: Beginning): number {
  const { position, recordedAt, engineId } = event;
  const { action, outcome, detail = '', command = null, container = null, name = null } = beginning;
  const actor = beginning.actor ?? event.actor;
  const completed = outcome === 'pending' ? null : recordedAt;
  const times = [recordedAt, completed, recordedAt];
  statements.begin.run(
    ...[position, actor.kind, actor.name, action, command, engineId, container, name],
    ...[...times, outcome, detail, outcome === 'observed' ? 'window' : 'exact'],
  );
  return position;
}

function beginCommand(statements: Statements, event: Event & { type: 'CommandRequested' }): void {
  const { command, kind, container, name } = event.data;
  insert(statements, event, { action: kind, outcome: 'pending', command, container, name });
}

function settle(
  statements: Statements,
  event: Event & { type: 'CommandSucceeded' | 'CommandFailed' | 'CommandOutcomeUnknown' },
  outcome: string,
  detail: string,
): void {
  const { command, container } = event.data;
  const at = event.recordedAt;
  statements.settle.run(outcome, at, at, detail, container, command);
  const entry = statements.byCommand.get(command) as number | undefined;
  if (entry !== undefined) statements.follow.run(entry, event.position, event.id);
}

/** A signal belongs to the commands that fit it; to the change from outside that is under way; or begins one. */
function joinSignal(statements: Statements, event: SignalEvent): void {
  const { container, claimed } = event.data;
  if (claimed.commandId !== undefined && event.type === 'ContainerCreated') {
    const entry = statements.byCommand.get(claimed.commandId) as number | undefined;
    if (entry !== undefined) {
      statements.adopt.run(container, entry);
      follow(statements, entry, event);
      return;
    }
  }
  const recent = recentEntries(statements, event, container);
  const commands = recent.filter(
    (entry) => entry.command !== null && isOpen(entry, event) && fits(entry.action, event),
  );
  if (commands.length > 0) {
    const basis = commands.length > 1 ? 'ambiguous' : 'window';
    for (const { position } of commands) follow(statements, position, event, basis);
    return;
  }
  const outside = recent.find(
    (entry) => entry.command === null && event.recordedAt - entry.lastMs <= longTail(entry),
  );
  const action = actionOf(event, outside?.action ?? null);
  if (outside !== undefined && action.joins) {
    statements.rename.run(action.name, event.recordedAt, outside.position);
    follow(statements, outside.position, event, 'window');
    return;
  }
  const actor = {
    kind: action.byEngine ? 'engine' : 'external',
    name: action.byEngine ? 'engine' : '',
  } as const;
  const name = claimed.name ?? null;
  const entry = insert(statements, event, {
    action: action.name,
    outcome: 'observed',
    actor,
    container,
    name,
  });
  statements.follow.run(entry, event.position, event.id);
}

/** What inspection showed follows from whatever was last seen to happen to the container. */
function joinObservation(
  statements: Statements,
  event: Event & { type: 'ContainerObserved' | 'ContainerLost' },
): void {
  if (event.inferred) return;
  const last = recentEntries(statements, event, event.data.container).sort(
    (one, other) => other.lastMs - one.lastMs,
  )[0];
  if (last !== undefined && event.recordedAt - last.lastMs <= tail) follow(statements, last.position, event);
}

const recentEntries = (statements: Statements, event: Event, container: string): Entry[] =>
  statements.recent.all(container, event.recordedAt - longest) as Entry[];

const isOpen = (entry: Entry, event: Event): boolean =>
  entry.completedMs === null ? entry.outcome === 'pending' : event.recordedAt - entry.completedMs <= tail;

/** A stop from outside takes as long as the container is given: the kill comes at once, the end much later. */
const longTail = (entry: Entry): number => (entry.action === 'kill' ? 30_000 : tail);

function follow(statements: Statements, entry: number, event: Event, basis?: 'window' | 'ambiguous'): void {
  statements.follow.run(entry, event.position, event.id);
  if (basis !== undefined) statements.touch.run(event.recordedAt, basis, entry);
}
