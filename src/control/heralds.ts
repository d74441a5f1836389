/** Signals after which a container may become reachable. None of them closes anything. */
import type { SignalType } from '../events/signals.ts';

export const heralds: ReadonlySet<SignalType> = new Set([
  'ContainerCreated',
  'ContainerStarted',
  'ContainerUnpaused',
  'ContainerNetworkConnected',
  'ContainerHealthChanged',
]);
