/** `routes`: each route that ever was, as it is now. */
import type { DatabaseFile } from '../db/open.ts';
import type { Event } from '../events/event.ts';
import type { Fold, Projection } from './projection.ts';

export const routes: Projection = { name: 'routes', version: 2, tables: ['routes'], open };

function open(db: DatabaseFile): Fold {
  const put = db.prepare(`INSERT OR REPLACE INTO routes
    (id, host, path, owner, state, reason, targets, since, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const closeUnreadable =
    db.prepare(`UPDATE routes SET state = 'closed', reason = 'unreadable', targets = '[]',
    since = ?, position = ? WHERE id = ? AND state = 'open'`);

  function apply({ type, data, recordedAt, position }: Event): void {
    if (type === 'RouteOpened' || type === 'RouteChanged') {
      const { route, match, owner, targets } = data;
      const stored = JSON.stringify(targets);
      put.run(route, match.host, match.path, owner, 'open', null, stored, recordedAt, position);
    } else if (type === 'RouteClosed') {
      const { route, match, owner, reason } = data;
      put.run(route, match.host, match.path, owner, 'closed', reason, '[]', recordedAt, position);
    }
  }

  return {
    apply,
    // As the deciding state does: what was decided is not known, so nothing is said to be served.
    setAside({ streamId, recordedAt, position }) {
      if (streamId.startsWith('route:'))
        closeUnreadable.run(recordedAt, position, streamId.slice('route:'.length));
    },
  };
}
