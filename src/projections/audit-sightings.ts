/** Observations in the audit: joined to what was just done to the container, or telling of something no signal told. */
import type { ProjectedEvent } from '../events/event.ts';
import { type AuditStore, placeCommands } from './audit-commands.ts';
import { type Basis, type CommandWindow, isLive, type Subject } from './audit-subject.ts';
import { type Deed, deedBetween } from './deeds.ts';

type Sighting = ProjectedEvent & { readonly type: 'ContainerObserved' | 'ContainerLost' };

/** Milliseconds after a signal in which inspection shows its effect. */
const soon = 2_000;

const commandLabel = 'portolan.command-id';

export function joinSighting(store: AuditStore, event: Sighting): void {
  if (event.engineId === null) return;
  const made = event.type === 'ContainerObserved' ? event.data.spec.labels[commandLabel] : undefined;
  placeCommands(store, event, ({ kind, command }) => kind === 'create' && command === made);
  const subject = store.subjects.get(event.streamId);
  const { entries, basis } = culprits(subject, event);
  if (entries.length > 0) store.entries.join(entries, event, basis);
  else if (event.inferred) infer(store, subject, event);
  store.subjects.put(event.streamId, remember(store.subjects.get(event.streamId), event));
}

/** Of which entries it shows the effect. */
function culprits(subject: Subject, event: Sighting): { entries: readonly number[]; basis: Basis } {
  const { last, end } = subject;
  // Who was told last may have come too late: an end is the effect of what the death was.
  if (last !== null && event.recordedAt - last.at <= soon && mayShow(subject, last.entries, event))
    return (showsEnd(subject, event) && end) || last;
  const deed = changeOf(subject, event);
  const windows = subject.windows.filter(
    (window) => isLive(window, event.recordedAt) && deed !== null && yields(window, deed),
  );
  const proven = windows.length === 1 && windows[0]!.proven;
  const basis = windows.length > 1 ? 'ambiguous' : proven ? 'exact' : 'window';
  return { entries: windows.map((window) => window.entry), basis };
}

const endings: ReadonlySet<Deed> = new Set(['stop', 'kill', 'exit', 'oom', 'restart', 'remove']);

/** Who made or started a container a moment before has not caused it to be missing when nobody was seen to remove it. */
function mayShow({ open, windows }: Subject, entries: readonly number[], event: Sighting): boolean {
  if (event.type !== 'ContainerLost' || !event.inferred) return true;
  const commands = windows.filter(({ entry }) => entries.includes(entry)).map(({ kind }) => kind);
  const outside = open !== null && entries.includes(open.entry) ? [open.deed] : [];
  const deeds: readonly Deed[] = [...commands, ...outside];
  return deeds.length === 0 || deeds.some((deed) => endings.has(deed));
}

const showsEnd = ({ seen }: Subject, event: Sighting): boolean =>
  event.type === 'ContainerObserved' && event.data.status === 'exited' && seen?.status !== 'exited';

function yields({ kind }: CommandWindow, deed: Deed): boolean {
  if (kind === deed) return true;
  switch (kind) {
    case 'create':
      return deed === 'start';
    case 'kill':
    case 'remove':
      return deed === 'stop';
    case 'restart':
      return deed === 'stop' || deed === 'start';
    default:
      return false;
  }
}

function changeOf({ seen }: Subject, event: Sighting): Deed | null {
  if (event.type === 'ContainerObserved') return deedBetween(seen, event.data);
  return event.data.reason === 'engine-replaced' ? null : 'remove';
}

/** Nobody watched when it happened; all that is known is that it did. */
function infer(store: AuditStore, subject: Subject, event: Sighting): void {
  const deed = changeOf(subject, event);
  if (deed === null) return;
  store.entries.add(event, {
    actor: { kind: 'external', name: 'external' },
    action: deed,
    container: event.data.container,
    name: event.data.name,
    outcome: 'observed',
    requestedMs: event.recordedAt,
    completedMs: event.recordedAt,
    detail: 'inferred: no signal told of it',
  });
  // Its own decisions have this very event as their cause.
  store.entries.join([event.position], event, 'exact');
}

function remember(subject: Subject, event: Sighting): Subject {
  if (event.type === 'ContainerLost') return { ...subject, seen: null };
  const { status, startedAt, name, spec } = event.data;
  return {
    ...subject,
    seen: { status, startedAt, name },
    stopSignal: spec.stopSignal,
    restarts: spec.restartPolicy !== 'no' && spec.restartPolicy !== '',
    autoRemove: spec.autoRemove === true,
  };
}
