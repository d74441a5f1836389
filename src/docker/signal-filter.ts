/** What the stream has said in this run, in bounded memory: drops repeats, and what says nothing new. */
import type { ContainerId, EngineId } from '../events/ids.ts';
import type { Signal } from './engine.ts';
import { createRecent } from './recent.ts';
import type { EngineMessage } from './signals.ts';

export interface SignalFilter {
  /** False for a message that came before: a new subscription replays some. The log is the final guard. */
  isNew(engine: EngineId, message: EngineMessage): boolean;
  /** Whether it came before. */
  hasSeen(engine: EngineId, message: EngineMessage): boolean;
  /** Since when this run follows the engine, nanoseconds on the engine's clock; `now` if it begins to. */
  followedSince(engine: EngineId, now: bigint): bigint;
  /** False for a health signal that repeats the state (Podman sends one with each probe). */
  matters(signal: Signal): boolean;
  /** True if the engine said that this container was destroyed. */
  wasDestroyed(container: ContainerId): boolean;
}

export function createSignalFilter(): SignalFilter {
  const messages = createRecent(8_192);
  const destroyed = createRecent(8_192);
  const followed = new Map<EngineId, bigint>();
  const healths = new Map<ContainerId, string>();
  return {
    hasSeen: (engine, message) => messages.has(`${engine} ${message.key}`),
    followedSince(engine, now) {
      const since = followed.get(engine) ?? now;
      followed.set(engine, since);
      return since;
    },
    isNew: (engine, message) => messages.add(`${engine} ${message.key}`),
    matters({ type, container, claimed }) {
      if (type === 'ContainerDestroyed') destroyed.add(container);
      if (type !== 'ContainerHealthChanged') {
        // A start begins to probe anew, and the first result is news whatever it says.
        if (type === 'ContainerStarted' || type === 'ContainerDestroyed') healths.delete(container);
        return true;
      }
      const repeated = healths.get(container) === claimed.health;
      healths.set(container, claimed.health ?? '');
      return !repeated;
    },
    wasDestroyed: (container) => destroyed.has(container),
  };
}
