/** Which signals tell of somebody's deed, which command could have caused them, and what a deed from outside is called. */
import type { Event } from '../events/event.ts';
import type { SignalType } from '../events/signals.ts';
import { signalTypes } from '../events/signals.ts';

export type SignalEvent = Event & { type: SignalType };

const signals: ReadonlySet<string> = new Set(signalTypes);

export const isDeed = (event: Event): event is SignalEvent => signals.has(event.type);

/** The signals that each command may be followed by. */
const causedBy: Readonly<Record<string, readonly SignalType[]>> = {
  create: ['ContainerCreated', 'ContainerNetworkConnected', 'ContainerStarted', 'ContainerHealthChanged'],
  start: ['ContainerStarted', 'ContainerNetworkConnected'],
  stop: ['ContainerKilled', 'ContainerDied', 'ContainerNetworkDisconnected', 'ContainerStopped'],
  restart: [
    'ContainerKilled',
    'ContainerDied',
    'ContainerNetworkDisconnected',
    'ContainerStopped',
    'ContainerNetworkConnected',
    'ContainerStarted',
  ],
  pause: ['ContainerPaused'],
  unpause: ['ContainerUnpaused'],
  kill: ['ContainerKilled', 'ContainerDied', 'ContainerNetworkDisconnected'],
  remove: ['ContainerKilled', 'ContainerDied', 'ContainerNetworkDisconnected', 'ContainerDestroyed'],
};

export const fits = (command: string, event: SignalEvent): boolean =>
  causedBy[command]?.includes(event.type) ?? false;

export interface Deed {
  readonly name: string;
  /** Whether it continues the change that is under way. */
  readonly joins: boolean;
  /** Nobody asked for it: a process ended, a health check failed, a restart policy. */
  readonly byEngine: boolean;
}

/** @param under the change from outside that is under way, if any */
export function actionOf(event: SignalEvent, under: string | null): Deed {
  const begins = (name: string): Deed => ({ name, joins: false, byEngine: false });
  const continues = (name: string, after: readonly string[]): Deed => ({
    name,
    joins: under !== null && after.includes(under),
    byEngine: false,
  });
  const { type } = event;
  switch (type) {
    case 'ContainerCreated':
      return begins('create');
    case 'ContainerStarted':
      // The network comes before the start.
      return under === 'exit'
        ? { name: 'restart', joins: true, byEngine: true }
        : continues('start', ['connect']);
    case 'ContainerKilled':
      return continues('kill', ['kill']);
    case 'ContainerDied':
      return under === 'kill'
        ? { name: 'kill', joins: true, byEngine: false }
        : { name: 'exit', joins: false, byEngine: true };
    case 'ContainerStopped':
      return continues('stop', ['kill', 'exit']);
    case 'ContainerDestroyed':
      return continues('remove', ['kill', 'exit', 'stop']);
    case 'ContainerPaused':
      return begins('pause');
    case 'ContainerUnpaused':
      return begins('unpause');
    case 'ContainerRenamed':
      return begins('rename');
    case 'ContainerUpdated':
      return begins('update');
    case 'ContainerOutOfMemory':
      return { name: 'out-of-memory', joins: false, byEngine: true };
    case 'ContainerHealthChanged':
      return { name: 'health', joins: false, byEngine: true };
    case 'ContainerNetworkConnected':
      return under === 'create' || under === 'start'
        ? { name: under, joins: true, byEngine: false }
        : begins('connect');
    case 'ContainerNetworkDisconnected':
      return under === 'kill' || under === 'exit' || under === 'stop'
        ? { name: under, joins: true, byEngine: false }
        : begins('disconnect');
    default:
      return type satisfies never;
  }
}
