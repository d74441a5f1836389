/** `containers`: each container that was ever observed, as it was last seen, and every name that one had. */
import type { DatabaseFile } from '../db/open.ts';
import type { Event } from '../events/event.ts';
import type { Fold, Projection } from './projection.ts';

export const containers: Projection = {
  name: 'containers',
  version: 2,
  tables: ['containers', 'container_names'],
  open,
};

function open(db: DatabaseFile): Fold {
  const put =
    db.prepare(`INSERT OR REPLACE INTO containers (engine, id, name, observation, lost, since, position)
    VALUES (?, ?, ?, ?, NULL, ?, ?)`);
  const lose = db.prepare(
    'UPDATE containers SET lost = ?, since = ?, position = ? WHERE engine = ? AND id = ?',
  );
  const call = db.prepare('INSERT OR IGNORE INTO container_names (name, engine, id) VALUES (?, ?, ?)');

  function apply({ type, data, engineId, recordedAt, position }: Event): void {
    if (engineId === null) return;
    if (type === 'ContainerObserved') {
      const { occurredBetween: _, ...observation } = data;
      const { container, name } = observation;
      put.run(engineId, container, name, JSON.stringify(observation), recordedAt, position);
      call.run(name, engineId, container);
    } else if (type === 'ContainerLost') {
      lose.run(data.reason, recordedAt, position, engineId, data.container);
    } else if (type === 'ContainerCreated' && data.claimed.name !== undefined) {
      // Only claimed, but all there is of one that was gone before it could be inspected.
      call.run(data.claimed.name, engineId, data.container);
    }
  }

  return { apply };
}
