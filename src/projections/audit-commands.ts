/** Commands in the audit: an entry each, open to what may follow from it until a while after its outcome. */
import type { ProjectedEvent } from '../events/event.ts';
import { type ContainerId, containerStream, type EngineId, type StreamId } from '../events/ids.ts';
import { effectsUntil } from '../routing/evolve-story.ts';
import type { Entries } from './audit-entries.ts';
import { type CommandWindow, isLive, type Subjects, unplaced } from './audit-subject.ts';

/** Something that was seen of a container; its stream is the container's. */
type ContainerEvent = Pick<ProjectedEvent, 'streamId' | 'engineId' | 'recordedAt'> & {
  readonly data: { readonly container: ContainerId };
};

export interface AuditStore {
  readonly entries: Entries;
  readonly subjects: Subjects;
}

export function beginCommand(store: AuditStore, event: ProjectedEvent & { type: 'CommandRequested' }): void {
  const { command, kind, container, name, parameters } = event.data;
  const signal = kind === 'kill' ? String(parameters['signal'] ?? 'SIGKILL') : null;
  store.entries.add(event, {
    actor: event.actor,
    action: kind,
    command,
    container,
    name,
    outcome: 'pending',
    requestedMs: event.recordedAt,
    completedMs: null,
    detail: signal === null ? '' : `signal ${signal}`,
  });
  const ends = { until: null, proven: false, had: [] };
  const window = { entry: event.position, kind, command, name, signal, ...ends };
  addWindow(store, streamOf(event.engineId, container), window, event.recordedAt);
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
  const window = takeWindow(store, streamOf(known.engine, known.container), command);
  if (window === null) return;
  const found = known.container ?? container;
  const engine = known.engine ?? event.engineId;
  if (known.container === null && found !== null && engine !== null)
    store.entries.place(known.entry, engine, found);
  const proven = window.proven || (window.kind === 'create' && found !== null);
  const settled = { ...window, proven, until: effectsUntil(event) };
  addWindow(store, streamOf(engine, found), settled, event.recordedAt);
}

/** Finds among the commands whose container was not known those that mean this one, and gives them to it. */
export function placeCommands(
  store: AuditStore,
  { streamId, engineId, recordedAt: now, data }: ContainerEvent,
  means: (window: CommandWindow) => boolean,
): void {
  const waiting = store.subjects.get(unplaced);
  const meant = waiting.windows.filter((window) => isLive(window, now) && means(window));
  if (meant.length === 0) return;
  const windows = waiting.windows.filter((window) => isLive(window, now) && !meant.includes(window));
  store.subjects.put(unplaced, { ...waiting, windows });
  for (const window of meant) {
    store.entries.place(window.entry, engineId, data.container);
    addWindow(store, streamId, { ...window, proven: window.kind === 'create' }, now);
  }
}

const streamOf = (engine: EngineId | null, container: ContainerId | null): StreamId =>
  engine === null || container === null ? unplaced : containerStream(engine, container);

function addWindow(store: AuditStore, stream: StreamId, window: CommandWindow, now: number): void {
  const subject = store.subjects.get(stream);
  const windows = subject.windows.filter((one) => isLive(one, now));
  store.subjects.put(stream, { ...subject, windows: [...windows, window] });
}

function takeWindow(store: AuditStore, stream: StreamId, command: string): CommandWindow | null {
  const subject = store.subjects.get(stream);
  const window = subject.windows.find((one) => one.command === command) ?? null;
  if (window !== null)
    store.subjects.put(stream, { ...subject, windows: subject.windows.filter((one) => one !== window) });
  return window;
}
