/** The part of the fold that is about what was done to containers, by commands and as signals told; explanations live on it. */
import type { CommandKind } from '../events/commands.ts';
import type { FoldedEvent } from '../events/event.ts';
import type { CommandId } from '../events/ids.ts';
import type { ContainerObservation } from '../events/observations.ts';
import type { SignalType } from '../events/signals.ts';
import { isEnding, isKill } from '../events/stop-signal.ts';
import { isAlive } from './intent.ts';
import { type Container, containerKey, restartMemory, type State, type Story, soon } from './state.ts';

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
  const asked = { id: command, at: event.recordedAt, kind, actor: event.actor, until: null, told: false };
  known.story.commands = [...known.story.commands, asked].slice(-remembered);
}

/** Milliseconds after a command's outcome in which signals may still be its effect. */
const tail = 2_000;
/** The same where nobody knows whether the engine goes on: it took too long, or Portolan ended before it answered. */
const longTail = 60_000;

type Outcome = 'CommandSucceeded' | 'CommandFailed' | 'CommandOutcomeUnknown';

/** Until when a command with this outcome may have effects, milliseconds. */
export function effectsUntil(event: FoldedEvent & { type: Outcome }): number {
  const isOpen =
    event.type === 'CommandOutcomeUnknown' || (event.type === 'CommandFailed' && event.data.status === 504);
  return event.recordedAt + (isOpen ? longTail : tail);
}

/** One that was refused, while its container is up, explains nothing that comes later; one that took too long may. */
export function settleCommand(state: State, event: FoldedEvent & { type: Outcome }): void {
  const { command, container } = event.data;
  state.commands.delete(command);
  if (container === null || event.engineId === null) return;
  const known = state.containers.get(containerKey(event.engineId, container));
  if (known === undefined) return;
  const { story } = known;
  const refused = event.type === 'CommandFailed' && event.data.status !== 504;
  if (refused && isAlive(known.observation))
    story.commands = story.commands.filter(({ id }) => id !== command);
  else story.commands = changed(story.commands, command, { until: effectsUntil(event) });
}

export function noteSignal(state: State, event: SignalEvent): void {
  if (event.engineId === null) return;
  state.lastSignal = { engine: event.engineId, timeNano: event.occurredAt.toString() };
  if (event.type !== 'ContainerKilled' && event.type !== 'ContainerOutOfMemory') return;
  const container = state.containers.get(containerKey(event.engineId, event.data.container));
  if (container === undefined) return;
  if (event.type === 'ContainerKilled') noteKill(state, container, event);
  else container.story.starved = event.recordedAt;
}

function noteKill(state: State, { observation, story }: Container, event: SignalEvent): void {
  if (!isEnding(event.data.claimed.signal, observation.spec.stopSignal)) return;
  const asked = [...state.commands.values()].some(
    (command) => command.container === observation.container && endings.has(command.kind),
  );
  // A stop that was not heeded ends with a kill, and is a stop all the same.
  const isFirst = story.killed === null || event.recordedAt - story.killed.at > soon;
  const kills = isKill(event.data.claimed.signal);
  const outright = kills && (isFirst || story.killed!.outright);
  const forced = kills || (!isFirst && story.killed!.forced);
  const outside = !isExplained(story, event) || (!isFirst && story.killed!.outside);
  story.killed = { at: event.recordedAt, asked, outright, forced, outside };
}

/** Each command tells a container to end once; a kill may follow where it did not heed. */
function isExplained(story: Story, { data, recordedAt }: SignalEvent): boolean {
  const live = story.commands.filter(
    ({ kind, until }) => endings.has(kind) && (until === null || until >= recordedAt),
  );
  if (isKill(data.claimed.signal)) return live.length > 0;
  const first = live.find(({ told }) => !told);
  if (first === undefined) return false;
  story.commands = changed(story.commands, first.id, { told: true });
  return true;
}

const changed = (
  commands: Story['commands'],
  id: CommandId,
  changes: Partial<Story['commands'][number]>,
): Story['commands'] => commands.map((one) => (one.id === id ? { ...one, ...changes } : one));

export const isRestart = (before: ContainerObservation, after: ContainerObservation): boolean =>
  before.startedAt !== null && after.startedAt !== null && after.startedAt !== before.startedAt;

/** @param at when it was seen, milliseconds */
export function noteRestart(state: State, container: Container, at: number): void {
  const { restarts, commands } = container.story;
  // What ended it before does not explain how it ends the next time.
  container.story.killed = null;
  container.story.starved = null;
  container.story.commands = commands.filter(({ id, kind }) => kind !== 'restart' && state.commands.has(id));
  container.story.restarts = [...restarts.filter((one) => one > at - restartMemory), at].slice(-99);
}
