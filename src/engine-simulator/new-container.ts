/** A container that has just been created. */
import { copyState } from './checkpoints.ts';
import type { Clock } from './clock.ts';
import type { Container, ContainerConfig } from './container.ts';
import { createLock } from './lock.ts';
import { createOutput } from './output.ts';

export function newContainer(id: string, name: string, clock: Clock, config: ContainerConfig): Container {
  const state = {
    name,
    status: 'created' as const,
    probes: null,
    startedAt: null,
    finishedAt: null,
    exitCode: 0,
    error: '',
    oomKilled: false,
    restartCount: 0,
    restart: config.restart,
    published: [],
  };
  return {
    ...state,
    endpoints: new Map(),
    id,
    get health() {
      return this.probes?.status ?? 'none';
    },
    get address() {
      return mainAddress(this.endpoints);
    },
    created: clock.now(),
    config,
    process: null,
    manuallyStopped: false,
    listed: copyState({ ...state, endpoints: new Map() }),
    output: createOutput(clock.now),
    lock: createLock(),
  };
}

function mainAddress(endpoints: Container['endpoints']): string {
  const byName = [...endpoints.keys()].sort();
  return (endpoints.get('bridge') ?? endpoints.get(byName[0] ?? ''))?.address ?? '';
}
