/** Which signals a command may be followed by, and how signals that no command explains make up a change from outside. */
import type { CommandKind } from '../events/commands.ts';
import type { ProjectedEvent } from '../events/event.ts';
import type { ContainerObservedData } from '../events/observations.ts';
import { type SignalType, signalTypes } from '../events/signals.ts';
import { isKill } from '../events/stop-signal.ts';

export type SignalEvent = ProjectedEvent & { readonly type: SignalType };

const signals: ReadonlySet<string> = new Set(signalTypes);

/** A health check's result is nobody's deed. */
export const isDeed = (event: ProjectedEvent): event is SignalEvent =>
  signals.has(event.type) && event.type !== 'ContainerHealthChanged';

/** A paused container is let go on by the engine itself, so that it gets the signal. */
const ending = ['Killed', 'Unpaused', 'Died', 'Stopped', 'OutOfMemory', 'NetworkDisconnected'] as const;
const beginning = ['NetworkConnected', 'Started'] as const;
type Short = SignalType extends `Container${infer Name}` ? Name : never;

const effects: Readonly<Record<CommandKind, readonly Short[]>> = {
  create: ['Created', ...beginning],
  start: beginning,
  stop: ending,
  restart: [...ending, ...beginning],
  pause: ['Paused'],
  unpause: ['Unpaused'],
  kill: ending,
  remove: [...ending, 'Destroyed'],
};

export const fits = (command: CommandKind, type: SignalType): boolean =>
  (effects[command] as readonly string[]).includes(type.slice('Container'.length));

/** What a command has once at most; null for SIGKILL, which the engine may send again. */
export function markOf({ type, data: { claimed } }: SignalEvent): string | null {
  if (type === 'ContainerKilled') return isKill(claimed.signal) ? null : `${type} ${claimed.signal}`;
  return type.startsWith('ContainerNetwork') ? `${type} ${claimed.network}` : type;
}

/** `exit`, `oom` and `restart` are the engine's own doing; all others came from outside. */
export type Deed =
  | 'create'
  /** Created and started at once, as `docker run` does. */
  | 'run'
  | 'start'
  | 'stop'
  | 'kill'
  | 'exit'
  /** Some process of it was killed; it may go on without that one. */
  | 'oom'
  | 'restart'
  | 'remove'
  | 'pause'
  | 'unpause'
  | 'rename'
  | 'update'
  | 'connect'
  | 'disconnect';

export const isEngines = (deed: Deed): boolean => deed === 'exit' || deed === 'oom' || deed === 'restart';

/** What a signal begins that belongs to nothing before it. */
const begins: Partial<Readonly<Record<SignalType, Deed>>> = {
  ContainerCreated: 'create',
  ContainerStarted: 'start',
  ContainerKilled: 'kill',
  ContainerDied: 'exit',
  ContainerStopped: 'stop',
  ContainerOutOfMemory: 'oom',
  ContainerPaused: 'pause',
  ContainerUnpaused: 'unpause',
  ContainerRenamed: 'rename',
  ContainerUpdated: 'update',
  ContainerDestroyed: 'remove',
  ContainerNetworkConnected: 'connect',
  ContainerNetworkDisconnected: 'disconnect',
};

/** What a deed under way turns out to be by the next signal: `docker stop` begins as a kill, a start with a network. */
const continues: Partial<Readonly<Record<Deed, Partial<Readonly<Record<SignalType, Deed>>>>>> = {
  create: { ContainerNetworkConnected: 'create', ContainerStarted: 'run' },
  run: { ContainerNetworkConnected: 'run' },
  connect: { ContainerNetworkConnected: 'connect', ContainerStarted: 'start' },
  start: { ContainerNetworkConnected: 'start' },
  restart: { ContainerNetworkConnected: 'restart' },
  kill: {
    ContainerKilled: 'kill',
    ContainerUnpaused: 'kill',
    ContainerDied: 'kill',
    ContainerOutOfMemory: 'kill',
    ContainerNetworkDisconnected: 'kill',
    ContainerStopped: 'stop',
    ContainerDestroyed: 'remove',
  },
  stop: { ContainerKilled: 'stop', ContainerDied: 'stop', ContainerNetworkDisconnected: 'stop' },
  disconnect: {
    ContainerNetworkDisconnected: 'disconnect',
    ContainerDied: 'exit',
    ContainerDestroyed: 'remove',
  },
  oom: { ContainerOutOfMemory: 'oom', ContainerDied: 'exit' },
  exit: {
    ContainerDied: 'exit',
    ContainerOutOfMemory: 'exit',
    ContainerNetworkDisconnected: 'exit',
    ContainerStopped: 'stop',
  },
};

export const deedBegunBy = (type: SignalType): Deed | null => begins[type] ?? null;
export const deedContinuedBy = (deed: Deed, type: SignalType): Deed | null => continues[deed]?.[type] ?? null;

/** What must have happened between two observations, where no signal told. Null if it is nothing that someone does. */
export function deedBetween(
  before: { readonly status: string; readonly startedAt: string | null; readonly name: string } | null,
  after: ContainerObservedData,
): Deed | null {
  if (before === null) return 'create';
  if (before.status !== after.status) {
    if (after.status === 'running') return before.status === 'paused' ? 'unpause' : 'start';
    if (after.status === 'paused') return 'pause';
    return after.status === 'exited' || after.status === 'dead' ? 'stop' : null;
  }
  if (after.status === 'running' && before.startedAt !== after.startedAt) return 'restart';
  return before.name === after.name ? null : 'rename';
}

/** What a signal adds to an entry's detail; all of it only claimed by the engine's stream. */
export function detailOf({ type, data: { claimed } }: SignalEvent): string {
  switch (type) {
    case 'ContainerKilled':
      return claimed.signal === undefined ? '' : `signal ${claimed.signal}`;
    case 'ContainerDied':
      return claimed.exitCode === undefined ? '' : `exit code ${claimed.exitCode}`;
    case 'ContainerOutOfMemory':
      return 'out of memory';
    case 'ContainerRenamed':
      return `${claimed.oldName ?? '?'} to ${claimed.name ?? '?'}`;
    default:
      return '';
  }
}
