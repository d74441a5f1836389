/** Events in bulk that mean nothing to a proxy: what fills the engine's memory, and slow subscribers. */
import type { Container } from './container.ts';
import type { ContainerEvents } from './container-events.ts';

export interface Noise {
  /** As many events as asked for, of the kind that health probes make. */
  emitNoise(container: Container, count: number): void;
  /** As many `kill` events of a signal that web servers ignore. */
  winch(container: Container, count: number): void;
}

export function createNoise(events: ContainerEvents): Noise {
  return {
    emitNoise(container, count) {
      const kinds = ['exec_create: probe', 'exec_start: probe', 'exec_die'] as const;
      for (let index = 0; index < count; index++) {
        const action = kinds[index % kinds.length]!;
        const execID = container.id.slice(0, 32) + String(Math.trunc(index / 3)).padStart(32, '0');
        events.say(container, action, action === 'exec_die' ? { execID, exitCode: '0' } : { execID });
      }
    },
    winch(container, count) {
      for (let index = 0; index < count; index++) events.say(container, 'kill', { signal: '28' });
    },
  };
}
