/** Signals in the audit: joined to the commands that fit, to the change from outside that is under way, or a new one. */
import type { Actor } from '../events/event.ts';
import { isEnding, isKill, isSameSignal, killedCode } from '../events/stop-signal.ts';
import { clock } from '../routing/explain.ts';
import { type AuditStore, placeCommands } from './audit-commands.ts';
import { attemptOf, deedByNetwork, isOfNetwork, networkDetail, undoes } from './audit-networks.ts';
import { type Basis, type CommandWindow, isLive, type OpenChange, type Subject } from './audit-subject.ts';
import {
  type Deed,
  deedBegunBy,
  deedContinuedBy,
  detailOf,
  fits,
  isEngines,
  markOf,
  type SignalEvent,
} from './deeds.ts';

/** Milliseconds between signals of one change from outside. */
const pause = 2_000;
/** The same after a signal that is meant to end the container: it has this long to do so. */
const grace = 30_000;
/** The same until the engine has started a container again: it waits longer each time, a minute at most. */
const backoff = 65_000;

const outside: Actor = { kind: 'external', name: 'external' };
const engine: Actor = { kind: 'engine', name: 'engine' };

export function joinSignal(store: AuditStore, event: SignalEvent): void {
  if (event.engineId === null) return;
  const { seen } = store.subjects.get(event.streamId);
  placeCommands(store, event, (window) => means(window, event, seen?.name ?? null));
  const subject = store.subjects.get(event.streamId);
  const windows = subject.windows.filter(
    (window) => isLive(window, event.recordedAt) && (mayHave(window, event) || undoes(window, event)),
  );
  if (isAutoRemoval(subject, event)) joinEnd(store, subject, windows, event);
  else if (windows.length > 0) joinCommands(store, subject, windows, event);
  else joinOutside(store, subject, event);
  rememberEnd(store, event);
}

/** Each of its effects a command has once, and a kill sends the signal that was asked for. */
function mayHave({ kind, had, signal }: CommandWindow, event: SignalEvent): boolean {
  const mark = markOf(event);
  const sent = event.type === 'ContainerKilled' ? event.data.claimed.signal : undefined;
  if (signal !== null && sent !== undefined && !isSameSignal(signal, sent)) return false;
  return fits(kind, event.type) && (mark === null || !had.includes(mark));
}

/** The engine's own removal of a container that was made with `--rm`, after its end. */
const isAutoRemoval = ({ autoRemove, end }: Subject, { type }: SignalEvent): boolean =>
  type === 'ContainerDestroyed' && autoRemove && end !== null;

/** Belongs to what ended the container, however long ago; somebody who removed it meanwhile may have been first. */
function joinEnd(
  store: AuditStore,
  subject: Subject,
  windows: readonly CommandWindow[],
  event: SignalEvent,
): void {
  const { end } = subject;
  const entries = [...new Set([...end!.entries, ...windows.map((window) => window.entry)])];
  const basis: Basis = entries.length > 1 ? 'ambiguous' : end!.basis;
  store.entries.join(entries, event, basis);
  store.subjects.put(event.streamId, { ...subject, last: { entries, basis, at: event.recordedAt } });
}

function rememberEnd({ subjects }: AuditStore, event: SignalEvent): void {
  const { type, streamId, data, recordedAt } = event;
  const subject = subjects.get(streamId);
  const failed =
    subject.open?.attempt === 'failed' || subject.windows.some((window) => undoes(window, event));
  if (type === 'ContainerDied' || (type === 'ContainerNetworkDisconnected' && failed))
    subjects.put(streamId, { ...subject, end: subject.last });
  else if (type === 'ContainerStarted') subjects.put(streamId, { ...subject, end: null, killed: null });
  else if (type === 'ContainerKilled' && isKill(data.claimed.signal))
    subjects.put(streamId, { ...subject, killed: recordedAt });
}

/** The detail of a signal, which says of an end by SIGKILL if nobody was seen to send that. */
function endOf({ killed }: Subject, event: SignalEvent, deed: Deed | null): string {
  const detail = detailOf(event);
  const isUnseen = killed === null || event.recordedAt - killed > grace;
  const isKilled = event.type === 'ContainerDied' && Number(event.data.claimed.exitCode) === killedCode;
  return isKilled && isUnseen && deed !== 'oom'
    ? `${detail} (128 + SIGKILL; no kill was seen just before it)`
    : detail;
}

function means(
  { kind, command, name }: CommandWindow,
  { type, data }: SignalEvent,
  seenName: string | null,
): boolean {
  if (kind === 'create') return type === 'ContainerCreated' && data.claimed.commandId === command;
  if (name === null || !fits(kind, type)) return false;
  if (name.length >= 12 && data.container.startsWith(name)) return true;
  return seenName === name || data.claimed.name === name;
}

function joinCommands(
  store: AuditStore,
  subject: Subject,
  windows: readonly CommandWindow[],
  event: SignalEvent,
): void {
  const rival = rivalOf(subject, event);
  const entries = windows.map((window) => window.entry);
  const isShared = rival !== null && mayBeOf(rival, event);
  if (isShared) entries.push(rival.entry);
  const basis: Basis = entries.length > 1 ? 'ambiguous' : windows[0]!.proven ? 'exact' : 'window';
  store.entries.join(entries, event, basis);
  const last = { entries, basis, at: event.recordedAt };
  const mark = markOf(event);
  // Of two that may have had it one did, and the other may still.
  const [first] = windows;
  const rest = subject.windows.map((window) =>
    window === first && mark !== null ? { ...window, had: [...window.had, mark] } : window,
  );
  store.subjects.put(event.streamId, {
    ...subject,
    windows: rest,
    open: isShared || isTold(event) ? rival : null,
    last,
  });
}

/** Somebody outside who is ending the container as well. */
function rivalOf({ open }: Subject, event: SignalEvent): OpenChange | null {
  if (open === null || event.recordedAt > open.until) return null;
  return open.deed === 'kill' || open.deed === 'stop' ? open : null;
}

/** It has been told once already; how it ends may be of either. */
const mayBeOf = ({ deed }: OpenChange, event: SignalEvent): boolean =>
  !isTold(event) && deedContinuedBy(deed, event.type) !== null;

const isTold = (event: SignalEvent): boolean => event.type === 'ContainerKilled' && markOf(event) !== null;

function joinOutside(store: AuditStore, subject: Subject, event: SignalEvent): void {
  const { open } = subject;
  const underWay = open !== null && event.recordedAt <= open.until ? open : null;
  const deed = underWay === null ? null : continued(underWay, subject, event);
  if (underWay !== null && deed !== null) {
    const { entry } = underWay;
    const attempt = attemptOf(underWay, subject, event);
    const detail = isOfNetwork(event)
      ? networkDetail(deed, attempt, event)
      : endOf(subject, event, underWay.deed);
    store.entries.grow(entry, { action: deed, actor: actorOf(deed), completedMs: event.recordedAt, detail });
    store.entries.join([entry], event, 'window');
    keepOpen(store, subject, { entry, deed, attempt }, event);
    return;
  }
  const begun = deedBegunBy(event.type);
  if (begun === null) return;
  const attempt = attemptOf(null, subject, event);
  store.entries.add(event, {
    actor: actorOf(begun),
    action: begun,
    container: event.data.container,
    name: subject.seen?.name ?? event.data.claimed.name ?? null,
    outcome: 'observed',
    requestedMs: event.recordedAt,
    completedMs: event.recordedAt,
    detail: [
      toldLate(event),
      isOfNetwork(event) ? networkDetail(begun, attempt, event) : endOf(subject, event, null),
    ]
      .filter(Boolean)
      .join(', '),
  });
  store.entries.join([event.position], event, 'exact');
  keepOpen(store, subject, { entry: event.position, deed: begun, attempt }, event);
}

/** Of what happened while Portolan was away, and was learned from the engine's memory. */
function toldLate({ occurredAt, recordedAt }: SignalEvent): string {
  const happened = Number(occurredAt / 1_000_000n);
  if (recordedAt - happened <= pause) return '';
  return `happened at ${clock(happened)}, told late`;
}

/** A container that ended by itself and that the engine starts again makes one entry of both. */
function continued(open: OpenChange, subject: Subject, event: SignalEvent): Deed | null {
  const { deed } = open;
  const starts = event.type === 'ContainerStarted' || event.type === 'ContainerNetworkConnected';
  if (deed === 'exit' && starts && subject.restarts)
    return event.type === 'ContainerStarted' ? 'restart' : 'exit';
  // Only the wait for the engine's own start is longer than a pause.
  const late = deed === 'exit' && subject.last !== null && event.recordedAt - subject.last.at > pause;
  if (late) return null;
  return isOfNetwork(event) ? deedByNetwork(open, subject, event) : deedContinuedBy(deed, event.type);
}

type Change = Pick<OpenChange, 'entry' | 'deed' | 'attempt'>;

function keepOpen(store: AuditStore, subject: Subject, change: Change, event: SignalEvent): void {
  const at = event.recordedAt;
  const open = { ...change, until: at + patience(change, subject, event), mark: markOf(event) };
  const last = { entries: [change.entry], basis: 'window' as const, at };
  store.subjects.put(event.streamId, { ...subject, open, last });
}

function patience({ deed, attempt }: Change, subject: Subject, event: SignalEvent): number {
  // The engine is on its way to start it, and may be slow.
  if (attempt === 'under way') return grace;
  // The signal that ends it was told of before, and it has only now got it.
  if (deed === 'kill' && event.type === 'ContainerUnpaused' && subject.open !== null)
    return subject.open.until - event.recordedAt;
  if (deed === 'exit' && subject.restarts) return backoff;
  const ending = event.type === 'ContainerKilled' && isEnding(event.data.claimed.signal, subject.stopSignal);
  return ending ? grace : pause;
}

const actorOf = (deed: Deed): Actor => (isEngines(deed) ? engine : outside);
