/** Folds the log into the projections: each with its own checkpoint, which moves in the same transaction as its rows. */
import type { DatabaseFile } from '../db/open.ts';
import type { Event } from '../events/event.ts';
import type { Position } from '../events/ids.ts';
import type { LogReader, UnreadableEvent } from '../log/port.ts';
import { audit } from './audit.ts';
import { containers } from './containers.ts';
import type { Projection } from './projection.ts';
import { routeHistory } from './route-history.ts';
import { routes } from './routes.ts';

export const allProjections: readonly Projection[] = [routes, routeHistory, containers, audit];

export interface Progress {
  readonly name: string;
  readonly position: number;
  /** Why it stopped; empty while it follows. */
  readonly problem: string;
}

export interface Projector {
  /** Takes in at most one batch. @returns whether there may be more */
  step(): boolean;
  progress(): readonly Progress[];
}

/** Events in one transaction. */
const batchSize = 1_000;

interface Follower {
  readonly projection: Projection;
  readonly apply: (event: Event) => void;
  position: number;
  problem: string;
}

export function createProjector(
  db: DatabaseFile,
  log: LogReader,
  onUnreadable: (event: UnreadableEvent) => void,
  projections: readonly Projection[] = allProjections,
): Projector {
  const checkpoints = prepareCheckpoints(db);
  const followers = projections.map((projection): Follower => {
    const apply = projection.open(db);
    return { projection, apply, position: resume(db, log, checkpoints, projection), problem: '' };
  });

  function advance(
    follower: Follower,
    events: readonly Event[],
    last: { position: number; hash: string },
  ): void {
    const fresh = events.filter((event) => event.position > follower.position);
    try {
      db.transaction(() => {
        for (const event of fresh) follower.apply(event);
        const { name, version } = follower.projection;
        checkpoints.put.run(name, version, last.position, last.hash);
      }).immediate();
      follower.position = last.position;
    } catch (error) {
      // It stops here and is reported as stale; the log and the others go on.
      follower.problem = `stopped after position ${follower.position}: ${(error as Error).message}`;
    }
  }

  return {
    step() {
      const following = followers.filter((follower) => follower.problem === '');
      if (following.length === 0) return false;
      const from = Math.min(...following.map((follower) => follower.position)) as Position;
      const unreadable: UnreadableEvent[] = [];
      const events = log.read(from, batchSize, (event) => unreadable.push(event));
      for (const event of unreadable) onUnreadable(event);
      const taken = events.length + unreadable.length;
      const last = events.at(-1);
      if (last === undefined) {
        // Nothing but events that cannot be read: passed over until the next that can.
        const end = unreadable.at(-1)?.position;
        if (end !== undefined)
          for (const follower of following) follower.position = Math.max(follower.position, end);
        return taken > 0;
      }
      for (const follower of following)
        if (last.position > follower.position) advance(follower, events, last);
      return taken === batchSize;
    },
    progress: () =>
      followers.map(({ projection, position, problem }) => ({ name: projection.name, position, problem })),
  };
}

function prepareCheckpoints(db: DatabaseFile) {
  return {
    get: db.prepare('SELECT version, position, hash FROM checkpoints WHERE name = ?'),
    put: db.prepare('INSERT OR REPLACE INTO checkpoints (name, version, position, hash) VALUES (?, ?, ?, ?)'),
    drop: db.prepare('DELETE FROM checkpoints WHERE name = ?'),
  };
}

/** Where it stopped; from the start if it was made by another version, or from another log. */
function resume(
  db: DatabaseFile,
  log: LogReader,
  checkpoints: ReturnType<typeof prepareCheckpoints>,
  { name, version, tables }: Projection,
): number {
  const checkpoint = checkpoints.get.get(name) as
    | { version: number; position: number; hash: string }
    | undefined;
  if (checkpoint?.version === version) {
    const event = log.event(checkpoint.position as Position);
    if (event?.hash === checkpoint.hash) return checkpoint.position;
  }
  db.transaction(() => {
    for (const table of tables) db.exec(`DELETE FROM ${table}`);
    checkpoints.drop.run(name);
  }).immediate();
  return 0;
}
