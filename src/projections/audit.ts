/**
 * `audit`: who did what, and what followed.
 *
 * The engine gives no request id, so joining a command to the signals that follow it is a reading, and its basis is
 * said: `exact` where the container carries the command's id or the log has the cause, `window` where one command fits
 * in kind, container and time, `ambiguous` where several do, or one and a change from outside. A command has each of
 * its effects once: who is told to stop twice was told by two. What no command explains came from outside, or was the
 * engine's own doing. What was observed right after a signal belongs to what that one was joined to, and so do the
 * decisions that it caused.
 */
import type { DatabaseFile } from '../db/open.ts';
import type { ProjectedEvent } from '../events/event.ts';
import type { LogReader } from '../log/port.ts';
import { type AuditStore, beginCommand, settleCommand } from './audit-commands.ts';
import { createEntries } from './audit-entries.ts';
import { joinSighting } from './audit-sightings.ts';
import { joinSignal } from './audit-signals.ts';
import { createSubjects } from './audit-subject.ts';
import { isDeed } from './deeds.ts';
import type { Projection } from './projection.ts';

export const audit: Projection = {
  name: 'audit',
  version: 10,
  tables: ['audit', 'audit_consequences', 'audit_subjects'],
  open(db: DatabaseFile, log: LogReader) {
    const store: AuditStore = { entries: createEntries(db, log), subjects: createSubjects(db) };
    return {
      apply: (event) => apply(store, event),
      flush() {
        store.subjects.flush();
        store.entries.flush();
      },
      reset() {
        store.subjects.reset();
        store.entries.reset();
      },
    };
  },
};

function apply(store: AuditStore, event: ProjectedEvent): void {
  switch (event.type) {
    case 'CommandRequested':
      beginCommand(store, event);
      return;
    case 'CommandSucceeded':
      settleCommand(store, event, 'succeeded', '');
      return;
    case 'CommandFailed':
      settleCommand(store, event, 'failed', event.data.message);
      return;
    case 'CommandOutcomeUnknown':
      settleCommand(store, event, 'unknown', event.data.reason);
      return;
    case 'CommandRefused':
      recordRefusal(store, event);
      return;
    case 'ContainerObserved':
    case 'ContainerLost':
      store.entries.sight(event);
      joinSighting(store, event);
      return;
    case 'RouteOpened':
    case 'RouteChanged':
    case 'RouteClosed':
    case 'RouteRefused':
      // The log has its exact cause.
      if (event.causationId !== null)
        store.entries.join(store.entries.joined(event.causationId), event, 'exact');
      return;
    default:
      if (isDeed(event)) joinSignal(store, event);
  }
}

function recordRefusal({ entries }: AuditStore, event: ProjectedEvent & { type: 'CommandRefused' }): void {
  const { reason, count, from, to } = event.data;
  entries.add(event, {
    actor: event.actor,
    action: 'refused',
    container: null,
    name: null,
    outcome: 'refused',
    requestedMs: Date.parse(from),
    completedMs: Date.parse(to),
    detail: `${reason} (${count} ${count === 1 ? 'call' : 'calls'})`,
  });
}
