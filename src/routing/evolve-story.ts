/** The part of the fold that is about what was done to containers, by commands and as signals told; explanations live on it. */
import type { CommandKind } from '../events/commands.ts';
import type { FoldedEvent } from '../events/event.ts';
import type { ContainerObservation } from '../events/observations.ts';
import type { SignalType } from '../events/signals.ts';
import { isEnding } from '../events/stop-signal.ts';
import { isAlive } from './intent.ts';
import { type Container, containerKey, restartMemory, type State } from './state.ts';

const endings: ReadonlySet<CommandKind> = new Set(['stop', 'kill', 'restart', 'remove']);

type SignalEvent = FoldedEvent & { type: SignalType };

export function requestCommand(state: State, event: FoldedEvent & { type: 'CommandRequested' }): void {
  const { command, kind, name, container } = event.data;
  const open = { command, kind, name, container, engine: event.engineId, requestedBy: event.id };
  state.commands.set(command, open);
  if (container === null || event.engineId === null) return;
  const known = state.containers.get(containerKey(event.engineId, container));
  if (known !== undefined)
    known.story.command = { id: command, at: event.recordedAt, kind, actor: event.actor };
}

/** A command that was refused, while its container is up, explains nothing that comes later; one that took too long may. */
export function forgetCommand(state: State, event: FoldedEvent & { type: 'CommandFailed' }): void {
  const { command, container, status } = event.data;
  if (container === null || event.engineId === null || status === 504) return;
  const known = state.containers.get(containerKey(event.engineId, container));
  if (known?.story.command?.id === command && isAlive(known.observation)) known.story.command = null;
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
  story.killed = { at: event.recordedAt, asked };
}

export function noteRestart(
  state: State,
  container: Container,
  next: ContainerObservation,
  at: number,
): void {
  const { startedAt } = container.observation;
  if (startedAt === null || next.startedAt === null || next.startedAt === startedAt) return;
  const { restarts, command } = container.story;
  // What ended it before does not explain how it ends the next time.
  container.story.killed = null;
  const isOver = command !== null && (command.kind === 'restart' || !state.commands.has(command.id));
  if (isOver) container.story.command = null;
  container.story.restarts = [...restarts.filter((one) => one > at - restartMemory), at].slice(-99);
}
