/** `containers`: each container that was ever observed, as it was last seen, and every name that one had. */
import type { DatabaseFile } from '../db/open.ts';
import type { ProjectedEvent } from '../events/event.ts';
import type { Fold, Projection } from './projection.ts';

export const containers: Projection = {
  name: 'containers',
  version: 2,
  tables: ['containers', 'container_names'],
  types: ['ContainerObserved', 'ContainerLost', 'ContainerCreated'],
  open,
};

type Observed = ProjectedEvent & { readonly type: 'ContainerObserved' };

function open(db: DatabaseFile): Fold {
  const put =
    db.prepare(`INSERT OR REPLACE INTO containers (engine, id, name, observation, lost, since, position)
    VALUES (?, ?, ?, ?, NULL, ?, ?)`);
  const lose = db.prepare(
    'UPDATE containers SET lost = ?, since = ?, position = ? WHERE engine = ? AND id = ?',
  );
  const call = db.prepare('INSERT OR IGNORE INTO container_names (name, engine, id) VALUES (?, ?, ?)');
  /** A container is observed often within a batch, and written once: at its end, or when it is lost. */
  const observed = new Map<string, Observed>();
  const names = new Map<string, string>();

  function write({ engineId, recordedAt, position, data }: Observed): void {
    const { occurredBetween: _, ...observation } = data;
    const { container, name } = observation;
    put.run(engineId, container, name, JSON.stringify(observation), recordedAt, position);
  }

  function apply(event: ProjectedEvent): void {
    const { type, data, engineId, recordedAt, position } = event;
    if (engineId === null) return;
    if (type === 'ContainerObserved') {
      const { container, name } = data;
      const key = `${engineId}/${container}`;
      observed.set(key, event as Observed);
      if (names.get(key) !== name) call.run(name, engineId, container);
      names.set(key, name);
    } else if (type === 'ContainerLost') {
      const key = `${engineId}/${data.container}`;
      const last = observed.get(key);
      if (last !== undefined) write(last);
      observed.delete(key);
      names.delete(key);
      lose.run(data.reason, recordedAt, position, engineId, data.container);
    } else if (type === 'ContainerCreated' && data.claimed.name !== undefined) {
      // Only claimed, but all there is of one that was gone before it could be inspected.
      call.run(data.claimed.name, engineId, data.container);
    }
  }

  function reset(): void {
    observed.clear();
    names.clear();
  }

  return {
    apply,
    flush() {
      for (const event of observed.values()) write(event);
      reset();
    },
    reset,
  };
}
