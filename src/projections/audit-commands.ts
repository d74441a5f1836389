/** Commands in the audit: an entry each, open to what may follow from it until a while after its outcome. */
import type { ProjectedEvent } from '../events/event.ts';
import { effectsUntil } from '../routing/evolve-story.ts';
import type { Entries } from './audit-entries.ts';
import { type CommandWindow, isLive, type SubjectKey, type Subjects, unplaced } from './audit-subject.ts';

export interface AuditStore {
  readonly entries: Entries;
  readonly subjects: Subjects;
}

export function beginCommand(store: AuditStore, event: ProjectedEvent & { type: 'CommandRequested' }): void {
  const { command, kind, container, name } = event.data;
  store.entries.add(event, {
    actor: event.actor,
    action: kind,
    command,
    container,
    name,
    outcome: 'pending',
    requestedMs: event.recordedAt,
    completedMs: null,
    detail: '',
  });
  const window = { entry: event.position, kind, command, name, until: null, proven: false, had: [] };
  addWindow(store, keyOf(event.engineId, container), window, event.recordedAt);
}

export function settleCommand(
  store: AuditStore,
  event: ProjectedEvent & { type: 'CommandSucceeded' | 'CommandFailed' | 'CommandOutcomeUnknown' },
  outcome: 'succeeded' | 'failed' | 'unknown',
  detail: string,
): void {
  const { command, container } = event.data;
  store.entries.settle({ command, outcome, completedMs: event.recordedAt, detail });
  const known = store.entries.ofCommand(command);
  if (known === null) return;
  store.entries.join([known.entry], event, 'exact');
  const window = takeWindow(store, keyOf(known.engine, known.container), command);
  if (window === null) return;
  const found = known.container ?? container;
  const engine = known.engine ?? event.engineId;
  if (known.container === null && found !== null && engine !== null)
    store.entries.place(known.entry, engine, found);
  const proven = window.proven || (window.kind === 'create' && found !== null);
  const settled = { ...window, proven, until: effectsUntil(event) };
  addWindow(store, keyOf(engine, found), settled, event.recordedAt);
}

/** Finds among the commands whose container was not known those that mean this one, and gives them to it. */
export function placeCommands(
  store: AuditStore,
  key: SubjectKey,
  now: number,
  means: (window: CommandWindow) => boolean,
): void {
  const waiting = store.subjects.get(unplaced);
  const meant = waiting.windows.filter((window) => isLive(window, now) && means(window));
  if (meant.length === 0) return;
  const windows = waiting.windows.filter((window) => isLive(window, now) && !meant.includes(window));
  store.subjects.put(unplaced, { ...waiting, windows });
  for (const window of meant) {
    store.entries.place(window.entry, key.engine, key.container);
    addWindow(store, key, { ...window, proven: window.kind === 'create' }, now);
  }
}

const keyOf = (engine: string | null, container: string | null): SubjectKey =>
  engine === null || container === null ? unplaced : { engine, container };

function addWindow(store: AuditStore, key: SubjectKey, window: CommandWindow, now: number): void {
  const subject = store.subjects.get(key);
  const windows = subject.windows.filter((one) => isLive(one, now));
  store.subjects.put(key, { ...subject, windows: [...windows, window] });
}

function takeWindow(store: AuditStore, key: SubjectKey, command: string): CommandWindow | null {
  const subject = store.subjects.get(key);
  const window = subject.windows.find((one) => one.command === command) ?? null;
  if (window !== null)
    store.subjects.put(key, { ...subject, windows: subject.windows.filter((one) => one !== window) });
  return window;
}
