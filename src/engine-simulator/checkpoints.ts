/** What the list shows of containers: copies, made when the engine makes them, so that it may lag behind inspect. */
import type { Container, ContainerState } from './container.ts';
import type { Faults } from './faults.ts';

/** The list is to show the container as it is now. */
export type Checkpoint = (container: Container) => void;

export function createCheckpoint(faults: Faults): Checkpoint {
  return (container) => {
    const state = copyState(container);
    if (faults.listLag === 0) container.listed = state;
    else {
      setTimeout(() => {
        container.listed = state;
      }, faults.listLag).unref();
    }
  };
}

export function copyState(container: ContainerState): ContainerState {
  const { name, status, probes, startedAt, finishedAt, exitCode, error } = container;
  const { oomKilled, restartCount, restart, published } = container;
  const endpoints = new Map([...container.endpoints].map(([key, endpoint]) => [key, { ...endpoint }]));
  return {
    name,
    status,
    probes,
    startedAt,
    finishedAt,
    exitCode,
    error,
    oomKilled,
    restartCount,
    restart,
    published,
    endpoints,
  };
}
