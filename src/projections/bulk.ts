/** Folds stretches of the log into all projections at once, each in one transaction: for a file that nobody reads yet. */
import type { DatabaseFile } from '../db/open.ts';
import type { EventType, ProjectedEvent } from '../events/event.ts';
import type { Position } from '../events/ids.ts';
import { type LogReader, LogUnusable, type Stretch, type UnreadableEvent } from '../log/port.ts';
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

interface Place {
  readonly position: number;
  readonly type: string;
}

interface Follower {
  readonly projection: Projection;
  readonly fold: Fold;
}

/**
 * @returns takes in the events from one position, exclusive, to another, inclusive. It throws `RebuildStopped` at an event
 * that cannot be read or folded, `ProjectionsFault` if the file is at fault.
 */
export function createBulk(
  db: DatabaseFile,
  log: LogReader,
  projections: readonly Projection[],
): (after: number, until: number) => void {
  const checkpoints = createCheckpoints(db);
  const types = typesOf(projections);
  const followers = projections.map((projection) => ({ projection, fold: projection.open(db, log) }));

  return db.transaction((after: number, until: number): void => {
    read(log, { after: after as Position, until, types }, (event) => {
      for (const follower of followers) apply(follower, event);
    });
    const hash = log.event(until as Position)?.hash ?? '';
    for (const { projection, fold } of followers) {
      guard(projection, { position: until, type: 'end of a batch' }, () => fold.flush?.());
      checkpoints.keep(projection, { position: until, hash });
    }
  }).immediate;
}

/** All that any of them looks at; undefined for all there are. */
function typesOf(projections: readonly Projection[]): readonly EventType[] | undefined {
  const all = new Set<EventType>();
  for (const { types } of projections) {
    if (types === undefined) return undefined;
    for (const type of types) all.add(type);
  }
  return [...all];
}

function read(log: LogReader, stretch: Stretch, onEvent: (event: ProjectedEvent) => void): void {
  try {
    log.fold(stretch, onEvent, (event) => {
      throw atUnreadable(event);
    });
  } catch (error) {
    if (!(error instanceof LogUnusable)) throw error;
    throw new Error(`the log cannot be read: ${error.message}`, { cause: error });
  }
}

function apply({ projection, fold }: Follower, event: ProjectedEvent): void {
  try {
    fold.apply(event);
  } catch (error) {
    throw atFault(projection, event, error);
  }
}

function guard(projection: Projection, place: Place, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw atFault(projection, place, error);
  }
}

function atFault({ name }: Projection, { position, type }: Place, error: unknown): Error {
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
