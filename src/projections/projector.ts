/** Folds the log into the projections: each with its own checkpoint, which moves in the same transaction as its rows. */
import type { DatabaseFile } from '../db/open.ts';
import type { Position } from '../events/ids.ts';
import type { LogReader, UnreadableEvent } from '../log/port.ts';
import { type Item, isEvent, readBatch } from './batch.ts';
import { type Checkpoint, createCheckpoints } from './checkpoints.ts';
import { faultOf } from './faults.ts';
import type { Fold, Projection } from './projection.ts';

/** How far a projection is. */
export interface Progress {
  readonly name: string;
  readonly position: number;
  /** Why it stopped; empty while it follows. */
  readonly problem: string;
}

export interface Projector {
  /**
   * Takes in at most `limit` events for each distinct place at which projections stand.
   * @returns whether there may be more
   * @throws {ProjectionsFault} the file is at fault; nothing was taken in by the one at which it showed
   */
  step(limit?: number): boolean;
  progress(): readonly Progress[];
}

interface Follower {
  readonly projection: Projection;
  readonly fold: Fold;
  position: number;
  problem: string;
}

/** Events in one transaction. */
const batchSize = 1_000;

export function createProjector(
  db: DatabaseFile,
  log: LogReader,
  projections: readonly Projection[],
  onUnreadable: (event: UnreadableEvent) => void,
): Projector {
  const checkpoints = createCheckpoints(db);
  const followers = projections.map((projection): Follower => {
    const fold = projection.open(db, log);
    return { projection, fold, position: checkpoints.resume(projection, log), problem: '' };
  });
  const reported = new Set<number>();

  /** One that is far behind, as it is built again, must not hold up those at the head. */
  function stepFrom(position: number, limit: number): boolean {
    const group = followers.filter((one) => one.problem === '' && one.position === position);
    const batch = readBatch(log, position as Position, limit);
    if (batch.length === 0) return false;
    for (const item of batch) {
      if (isEvent(item) || reported.has(item.position)) continue;
      reported.add(item.position);
      onUnreadable(item);
    }
    for (const follower of group) advance(follower, batch);
    return batch.length === limit;
  }

  function advance(follower: Follower, batch: readonly Item[]): void {
    if (take(follower, batch) === null) return;
    // It stops before the event at which it failed, and is reported as stale; the log and the others go on.
    for (const item of batch) {
      const error = take(follower, [item]);
      if (error === null) continue;
      follower.problem = `stopped at position ${item.position} (${item.type}): ${messageOf(error)}`;
      return;
    }
  }

  /** All of it in one transaction, or nothing. @returns why it failed */
  function take(follower: Follower, batch: readonly Item[]): unknown {
    const { projection, fold } = follower;
    const last = checkpointAt(batch.at(-1)!);
    try {
      db.transaction(() => {
        for (const item of batch) {
          if (isEvent(item)) fold.apply(item);
          else fold.setAside?.(item);
        }
        fold.flush?.();
        checkpoints.keep(projection, last);
      }).immediate();
      follower.position = last.position;
      return null;
    } catch (error) {
      fold.reset?.();
      const fault = faultOf(error);
      if (fault !== null) throw fault;
      return error;
    }
  }

  return {
    step(limit = batchSize) {
      const following = followers.filter((one) => one.problem === '');
      const places = [...new Set(following.map((one) => one.position))].sort((one, other) => other - one);
      return places.map((place) => stepFrom(place, limit)).some((more) => more);
    },
    progress: () =>
      followers.map(({ projection, position, problem }) => ({ name: projection.name, position, problem })),
  };
}

const checkpointAt = (item: Item): Checkpoint => ({
  position: item.position,
  hash: isEvent(item) ? item.hash : '',
});

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
