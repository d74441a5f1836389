/** What a projection is: a fold of the log into tables of its own. */
import type { DatabaseFile } from '../db/open.ts';
import type { EventType, ProjectedEvent } from '../events/event.ts';
import type { LogReader, UnreadableEvent } from '../log/port.ts';

export interface Projection {
  readonly name: string;
  /** Raise it when the same events should give other rows: the projection is then built again. */
  readonly version: number;
  /** Its tables, emptied before it is built again. */
  readonly tables: readonly string[];
  /** Those that it looks at; all if not given. A rebuild does not read the others for it. */
  readonly types?: readonly EventType[];
  /** Prepares its statements once. What it keeps in memory must not outlive `reset`. */
  open(db: DatabaseFile, log: LogReader): Fold;
}

/** Each call runs within a transaction. The same events give the same rows, however they are cut into batches. */
export interface Fold {
  /** One event, in the order of the log. One of another type than its own changes no row. */
  apply(event: ProjectedEvent): void;
  /** An event whose payload no longer parses. */
  setAside?(event: UnreadableEvent): void;
  /** Writes what was kept back, at the end of a batch. */
  flush?(): void;
  /** Forgets what is in memory: the transaction was rolled back. */
  reset?(): void;
}
