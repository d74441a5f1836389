/** The part of the fold that is about what was done to containers, by commands and as signals told; explanations live on it. */
import type { CommandKind } from '../events/commands.ts';
import type { FoldedEvent } from '../events/event.ts';
import type { ContainerObservation } from '../events/observations.ts';
import type { SignalType } from '../events/signals.ts';
import { isEnding, isKill } from '../events/stop-signal.ts';
import { isAlive } from './intent.ts';
import { type Container, containerKey, restartMemory, type State, soon } from './state.ts';

/** Commands on a container that are remembered. */
const remembered = 5;

const endings: ReadonlySet<CommandKind> = new Set(['stop', 'kill', 'restart', 'remove']);

type SignalEvent = FoldedEvent & { type: SignalType };

export function requestCommand(state: State, event: FoldedEvent & { type: 'CommandRequested' }): void {
  const { command, kind, name, container } = event.data;
  const open = { command, kind, name, container, engine: event.engineId, requestedBy: event.id };
  state.commands.set(command, open);
  if (container === null || event.engineId === null) return;
  const known = state.containers.get(containerKey(event.engineId, container));
  if (known === undefined) return;
  const asked = { id: command, at: event.recordedAt, kind, actor: event.actor };
  known.story.commands = [...known.story.commands, asked].slice(-remembered);
}

/** A command that was refused, while its container is up, explains nothing that comes later; one that took too long may. */
export function forgetCommand(state: State, event: FoldedEvent & { type: 'CommandFailed' }): void {
  const { command, container, status } = event.data;
  if (container === null || event.engineId === null || status === 504) return;
  const known = state.containers.get(containerKey(event.engineId, container));
  if (known === undefined || !isAlive(known.observation)) return;
  known.story.commands = known.story.commands.filter(({ id }) => id !== command);
}

export function noteSignal(state: State, event: SignalEvent): void {
  if (event.engineId === null) return;
  state.lastSignal = { engine: event.engineId, timeNano: event.occurredAt.toString() };
  if (event.type !== 'ContainerKilled') return;
  const container = state.containers.get(containerKey(event.engineId, event.data.container));
  if (container === undefined) return;
  const { observation, story } = container;
  if (!isEnding(event.data.claimed.signal, observation.spec.stopSignal)) return;
  const asked = [...state.commands.values()].some(
    (command) => command.container === observation.container && endings.has(command.kind),
  );
  // A stop that was not heeded ends with a kill, and is a stop all the same.
  const isFirst = story.killed === null || event.recordedAt - story.killed.at > soon;
  const outright = isKill(event.data.claimed.signal) && (isFirst || story.killed!.outright);
  story.killed = { at: event.recordedAt, asked, outright };
}

export const isRestart = (before: ContainerObservation, after: ContainerObservation): boolean =>
  before.startedAt !== null && after.startedAt !== null && after.startedAt !== before.startedAt;

/** @param at when it was seen, milliseconds */
export function noteRestart(state: State, container: Container, at: number): void {
  const { restarts, commands } = container.story;
  // What ended it before does not explain how it ends the next time.
  container.story.killed = null;
  container.story.commands = commands.filter(({ id, kind }) => kind !== 'restart' && state.commands.has(id));
  container.story.restarts = [...restarts.filter((one) => one > at - restartMemory), at].slice(-99);
}
