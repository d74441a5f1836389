/** Folds one event into the deciding state, in place, and names the sites whose claims or targets may have changed. */
import type { FoldedEvent } from '../events/event.ts';
import { lose, observe, rebuildIntents, reclaim } from './evolve-container.ts';
import { refuse } from './evolve-refusal.ts';
import {
  closeRoute,
  closeUnreadable,
  indexClosing,
  indexRoute,
  openRoute,
  sitesOfUnreadable,
} from './evolve-route.ts';
import { noteSignal, requestCommand, settleCommand } from './evolve-story.ts';
import type { Route, Site } from './route.ts';
import type { ContainerKey, State } from './state.ts';

const nothing: readonly Site[] = [];

/** @returns sites to decide again; empty for events that change no claim */
export function evolve(state: State, event: FoldedEvent): readonly Site[] {
  state.position = event.position;
  state.recordedAt = event.recordedAt;
  switch (event.type) {
    case 'ContainerObserved':
      return observe(state, event);
    case 'ContainerLost':
      return lose(state, event);
    case 'PolicyApplied':
      state.policy = event.data.policy;
      return rebuildIntents(state);
    case 'RouteOpened':
    case 'RouteChanged':
      openRoute(state, event);
      return nothing;
    case 'RouteClosed':
      closeRoute(state, event);
      return nothing;
    case 'RouteRefused':
      refuse(state, event);
      return nothing;
    case 'CommandRequested':
      requestCommand(state, event);
      return nothing;
    case 'CommandSucceeded':
    case 'CommandFailed':
    case 'CommandOutcomeUnknown':
      settleCommand(state, event);
      return nothing;
    case 'PortolanStarted':
      if (state.engine !== null)
        state.engine = { ...state.engine, connected: false, since: event.recordedAt };
      return sitesOfUnreadable(state);
    case 'EngineConnected':
      if (event.engineId !== null)
        state.engine = { id: event.engineId, connected: true, since: event.recordedAt };
      return nothing;
    case 'EngineLost':
      if (event.engineId !== null)
        state.engine = { id: event.engineId, connected: false, since: event.recordedAt };
      return nothing;
    case 'ContainerDied':
    case 'ContainerKilled':
    case 'ContainerOutOfMemory':
    case 'ContainerCreated':
    case 'ContainerStarted':
    case 'ContainerStopped':
    case 'ContainerPaused':
    case 'ContainerUnpaused':
    case 'ContainerRenamed':
    case 'ContainerUpdated':
    case 'ContainerHealthChanged':
    case 'ContainerDestroyed':
    case 'ContainerNetworkConnected':
    case 'ContainerNetworkDisconnected':
      noteSignal(state, event);
      return nothing;
    case 'CommandRefused':
    case 'PortolanStopped':
    case 'HistoryGapDetected':
    case 'RecordingGapDetected':
    case 'SnapshotTaken':
    case 'LogCompacted':
    case 'PayloadRedacted':
      return nothing;
    default:
      event satisfies never;
      return nothing;
  }
}

/**
 * Folds an event of the log. One at which the fold fails is a defect of ours, or was written by another version: it is set
 * aside as one that can no longer be read, so that it stops neither a start nor what is served of all others.
 * @returns sites to decide again, or what failed
 */
export function evolveOrSetAside(state: State, event: FoldedEvent): readonly Site[] | Error {
  try {
    return evolve(state, event);
  } catch (defect) {
    setAside(state, event.position, event.recordedAt, event.streamId);
    return defect instanceof Error ? defect : new Error(String(defect));
  }
}

/** A payload that no longer parses: nothing of its container or route is served until it is observed again. */
export function setAside(
  state: State,
  position: State['position'],
  recordedAt: number,
  streamId: string,
): void {
  state.position = position;
  state.recordedAt = recordedAt;
  const container = state.containers.get(streamId.replace(/^container:/, '') as ContainerKey);
  if (container !== undefined) {
    container.unreadable = true;
    reclaim(state, container);
  }
  const route = state.routes.get(streamId.replace(/^route:/, '') as Route['id']);
  if (route !== undefined) closeUnreadable(state, route, position, recordedAt);
}

/** Computes what is derived: intents, contenders, sites. For a state that comes from a snapshot. */
export function derive(state: State): void {
  for (const route of [...state.routes.values()].sort((one, other) => one.position - other.position)) {
    indexRoute(state, route);
    indexClosing(state, undefined, route);
  }
  rebuildIntents(state);
}
