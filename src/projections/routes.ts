/** `routes`: each route that ever was, as it is now. */
import type { DatabaseFile } from '../db/open.ts';
import type { ProjectedEvent } from '../events/event.ts';
import type { Fold, Projection } from './projection.ts';

export const routes: Projection = {
  name: 'routes',
  version: 2,
  tables: ['routes'],
  types: ['RouteOpened', 'RouteChanged', 'RouteClosed'],
  open,
};

type Decided = ProjectedEvent & { readonly type: 'RouteOpened' | 'RouteChanged' | 'RouteClosed' };

function open(db: DatabaseFile): Fold {
  const put = db.prepare(`INSERT OR REPLACE INTO routes
    (id, host, path, owner, state, reason, targets, since, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const closeUnreadable =
    db.prepare(`UPDATE routes SET state = 'closed', reason = 'unreadable', targets = '[]',
    since = ?, position = ? WHERE id = ? AND state = 'open'`);

  /** A route changes often within a batch, and is written once: at its end. */
  const changed = new Map<string, Decided>();

  function write({ type, data, recordedAt, position }: Decided): void {
    const { route, match, owner } = data;
    if (type === 'RouteClosed')
      put.run(route, match.host, match.path, owner, 'closed', data.reason, '[]', recordedAt, position);
    else {
      const targets = JSON.stringify(data.targets);
      put.run(route, match.host, match.path, owner, 'open', null, targets, recordedAt, position);
    }
  }

  function flush(): void {
    for (const event of changed.values()) write(event);
    changed.clear();
  }

  return {
    apply(event) {
      const { type } = event;
      if (type === 'RouteOpened' || type === 'RouteChanged' || type === 'RouteClosed')
        changed.set(event.data.route, event);
    },
    // As the deciding state does: what was decided is not known, so nothing is said to be served.
    setAside({ streamId, recordedAt, position }) {
      if (!streamId.startsWith('route:')) return;
      flush();
      closeUnreadable.run(recordedAt, position, streamId.slice('route:'.length));
    },
    flush,
    reset: () => changed.clear(),
  };
}
