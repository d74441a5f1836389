/** `containers`: each container that was ever observed, as it was last seen, and every name that one had. */
import type { DatabaseFile } from '../db/open.ts';
import type { ProjectedEvent } from '../events/event.ts';
import { createMany } from './many.ts';
import type { Fold, Projection } from './projection.ts';

export const containers: Projection = {
  name: 'containers',
  version: 2,
  tables: ['containers', 'container_names'],
  types: ['ContainerObserved', 'ContainerLost', 'ContainerCreated'],
  open,
};

type Observed = ProjectedEvent & { readonly type: 'ContainerObserved' };
type Lost = ProjectedEvent & { readonly type: 'ContainerLost' };

/** Of a container that was observed within a batch. */
interface Seen {
  readonly last: Observed;
  lost: Lost | null;
}

function open(db: DatabaseFile): Fold {
  const columns = 'engine, id, name, observation, lost, since, position';
  const put = createMany(db, `INSERT OR REPLACE INTO containers (${columns})`, 7);
  const lose = db.prepare(
    'UPDATE containers SET lost = ?, since = ?, position = ? WHERE engine = ? AND id = ?',
  );
  const call = db.prepare('INSERT OR IGNORE INTO container_names (name, engine, id) VALUES (?, ?, ?)');
  /** A container is observed often within a batch, and written once, at its end; by stream. */
  const seen = new Map<string, Seen>();

  function apply(event: ProjectedEvent): void {
    const { type, data, streamId, engineId, recordedAt, position } = event;
    if (engineId === null) return;
    if (type === 'ContainerObserved') {
      const { container, name } = data;
      if (seen.get(streamId)?.last.data.name !== name) call.run(name, engineId, container);
      seen.set(streamId, { last: event as Observed, lost: null });
    } else if (type === 'ContainerLost') {
      const known = seen.get(streamId);
      if (known === undefined) lose.run(data.reason, recordedAt, position, engineId, data.container);
      else known.lost = event as Lost;
    } else if (type === 'ContainerCreated' && data.claimed.name !== undefined) {
      // Only claimed, but all there is of one that was gone before it could be inspected.
      call.run(data.claimed.name, engineId, data.container);
    }
  }

  return {
    apply,
    flush() {
      put([...seen.values()].map(rowOf));
      seen.clear();
    },
    reset: () => seen.clear(),
  };
}

function rowOf({ last, lost }: Seen): unknown[] {
  const { occurredBetween: _, ...observation } = last.data;
  const { container, name } = observation;
  const { recordedAt, position } = lost ?? last;
  const reason = lost?.data.reason ?? null;
  return [last.engineId, container, name, JSON.stringify(observation), reason, recordedAt, position];
}
