/** `containers`: each container that was ever observed, as it was last seen. */
import type { Projection } from './projection.ts';

export const containers: Projection = {
  name: 'containers',
  version: 1,
  tables: ['containers'],
  open(db) {
    const put =
      db.prepare(`INSERT OR REPLACE INTO containers (engine, id, name, observation, lost, since, position)
      VALUES (?, ?, ?, ?, NULL, ?, ?)`);
    const lose = db.prepare(
      'UPDATE containers SET lost = ?, since = ?, position = ? WHERE engine = ? AND id = ?',
    );
    return (event) => {
      const { position, recordedAt, engineId } = event;
      if (engineId === null) return;
      if (event.type === 'ContainerObserved') {
        const { occurredBetween: _, ...observation } = event.data;
        put.run(
          engineId,
          event.data.container,
          event.data.name,
          JSON.stringify(observation),
          recordedAt,
          position,
        );
      } else if (event.type === 'ContainerLost') {
        lose.run(event.data.reason, recordedAt, position, engineId, event.data.container);
      }
    };
  },
};
