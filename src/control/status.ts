/** The live side of the system, as the API shows it. */
import type { EngineInfo } from '../docker/engine.ts';
import type { EngineState } from './port.ts';

export interface EngineStatus {
  read(): EngineState;
  connected(info: EngineInfo): void;
  lost(reason: string): void;
}

/** @param startedAt milliseconds since the epoch */
export function createEngineStatus(now: () => number, startedAt: number): EngineStatus {
  const none = { id: null, name: '', version: '' };
  let state: EngineState = { ...none, connected: false, since: startedAt, reason: 'not reached yet' };
  return {
    read: () => state,
    connected(info) {
      const { id, name, version } = info;
      state = { id, name, version, connected: true, since: now(), reason: '' };
    },
    lost(reason) {
      state = { ...state, connected: false, since: now(), reason };
    },
  };
}
