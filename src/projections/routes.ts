/** `routes`: each route that ever was, as it is now. */
import type { Projection } from './projection.ts';

export const routes: Projection = {
  name: 'routes',
  version: 1,
  tables: ['routes'],
  open(db) {
    const put =
      db.prepare(`INSERT OR REPLACE INTO routes (id, host, path, owner, state, reason, targets, since, position)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    return (event) => {
      const { position, recordedAt } = event;
      if (event.type === 'RouteOpened' || event.type === 'RouteChanged') {
        const { route, match, owner, targets } = event.data;
        const stored = JSON.stringify(targets);
        put.run(route, match.host, match.path, owner, 'open', null, stored, recordedAt, position);
      } else if (event.type === 'RouteClosed') {
        const { route, match, owner, reason } = event.data;
        put.run(route, match.host, match.path, owner, 'closed', reason, '[]', recordedAt, position);
      }
    };
  },
};
