/** What a projection is: a fold of the log into tables of its own. */
import type { DatabaseFile } from '../db/open.ts';
import type { Event } from '../events/event.ts';

export interface Projection {
  readonly name: string;
  /** Raise it when the same events should give other rows: the projection is then built again. */
  readonly version: number;
  /** Its tables, emptied before it is built again. */
  readonly tables: readonly string[];
  /** Prepares its statements once. @returns what applies one event, in the order of the log, within a transaction */
  open(db: DatabaseFile): (event: Event) => void;
}
