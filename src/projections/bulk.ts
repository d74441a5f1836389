/** Folds stretches of the log into all projections at once, each in one transaction: for a file that nobody reads yet. */
import type { DatabaseFile } from '../db/open.ts';
import type { Position } from '../events/ids.ts';
import type { LogReader, UnreadableEvent } from '../log/port.ts';
import { type Item, isEvent, readBatch } from './batch.ts';
import { createCheckpoints } from './checkpoints.ts';
import { faultOf } from './faults.ts';
import type { Fold, Projection } from './projection.ts';

/** It ended before the log did. */
export class RebuildStopped extends Error {
  override readonly name = 'RebuildStopped';
  readonly code: 'unreadable' | 'projection' | 'cancelled';
  readonly hint: string;
  constructor(message: string, code: RebuildStopped['code'], hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

interface Follower {
  readonly projection: Projection;
  readonly fold: Fold;
}

/** Events read at once: they are forgotten before they are old, so that few are ever collected. */
const piece = 500;

/**
 * @returns takes in at most so many events after a position, and says which was the last; the same position at the end
 * of the log. It throws `RebuildStopped` at an event that cannot be read or folded, `ProjectionsFault` if the file is
 * at fault.
 */
export function createBulk(
  db: DatabaseFile,
  log: LogReader,
  projections: readonly Projection[],
): (after: number, limit: number) => number {
  const checkpoints = createCheckpoints(db);
  const followers = projections.map((projection) => ({ projection, fold: projection.open(db, log) }));

  return db.transaction((after: number, limit: number): number => {
    let last: Item | null = null;
    for (let taken = 0; taken < limit; ) {
      const wanted = Math.min(piece, limit - taken);
      const items: Item[] = readBatch(log, (last?.position ?? after) as Position, wanted);
      for (const item of items) for (const follower of followers) apply(follower, item);
      last = items.at(-1) ?? last;
      taken += items.length;
      if (items.length < wanted) break;
    }
    if (last === null) return after;
    for (const { projection, fold } of followers) {
      guard(projection, last, () => fold.flush?.());
      checkpoints.keep(projection, { position: last.position, hash: isEvent(last) ? last.hash : '' });
    }
    return last.position;
  }).immediate;
}

function apply({ projection, fold }: Follower, item: Item): void {
  if (!isEvent(item)) throw atUnreadable(item);
  try {
    fold.apply(item);
  } catch (error) {
    throw atFault(projection, item, error);
  }
}

function guard(projection: Projection, item: Item, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw atFault(projection, item, error);
  }
}

function atFault({ name }: Projection, { position, type }: Item & { type: string }, error: unknown): Error {
  const fault = faultOf(error);
  if (fault !== null) return fault;
  const why = error instanceof Error ? error.message : String(error);
  const hint = 'this is a defect of Portolan; the log is not at fault';
  return new RebuildStopped(`${name} stopped at position ${position} (${type}): ${why}`, 'projection', hint);
}

function atUnreadable({ position, type, problem }: UnreadableEvent): RebuildStopped {
  const message = `the event at position ${position} (${type}) cannot be read: ${problem}`;
  return new RebuildStopped(message, 'unreadable', 'restore the log from a backup, or verify it');
}
