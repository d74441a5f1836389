/** The log as the rest of Portolan sees it. SQLite today; nothing here says so. */
import type { Event, EventType, NewEvent, ProjectedEvent } from '../events/event.ts';
import type { EventId, Position } from '../events/ids.ts';

export interface LogHead {
  /** 0 for an empty log. */
  readonly position: Position;
  /** Hex; 64 zeros for an empty log. */
  readonly hash: string;
  /** `recordedAt` of the last event, milliseconds; 0 for an empty log. */
  readonly recordedAt: number;
}

/** Whether `recordedAt` stands still until the clock gets there; what it is corrected by all the time does not count. */
export const isSetBack = (now: number, { recordedAt }: LogHead): boolean => recordedAt > now + 1_000;

export type AppendOutcome =
  | { readonly kind: 'appended'; readonly events: readonly Event[]; readonly head: LogHead }
  /** Someone else appended: decide again on the new head. Nothing was written. */
  | { readonly kind: 'conflict'; readonly head: LogHead }
  /** These are in the log already: drop them and decide again. Nothing was written. */
  | { readonly kind: 'repeated'; readonly ids: readonly EventId[] };

export interface Log {
  head(): LogHead;
  /**
   * All of the batch durably in one commit, or nothing. `now` is milliseconds since the epoch; the writer clamps it so
   * that `recordedAt` never decreases.
   * @throws {LogUnwritable} disk full, read-only, damaged; the caller may try again later. Anything else is a defect, and
   * says nothing of the log.
   */
  append(batch: readonly NewEvent[], expectedHead: Position, now: number): Promise<AppendOutcome>;
  /** Keeps a snapshot's bytes; the caller appends `SnapshotTaken` with their digest. Keeps the newest three. */
  keepSnapshot(snapshot: Snapshot): Promise<void>;
  /** Calls back after each commit with its events, in order; returns the way to end it. */
  subscribe(listener: (events: readonly Event[]) => void): () => void;
  /** Resolves when what was handed in is on disk and the file is closed. */
  close(): Promise<void>;
}

export interface Snapshot {
  readonly position: Position;
  readonly foldVersion: number;
  /** Hash of the event at `position`. */
  readonly chainHash: string;
  /** Hex SHA-256 of `bytes`. */
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/** An event whose payload no longer parses: enough to set it aside and report it. */
export interface UnreadableEvent {
  readonly position: Position;
  readonly recordedAt: number;
  readonly type: string;
  readonly streamId: string;
  readonly problem: string;
}

export interface Stretch {
  /** Exclusive. */
  readonly after: Position;
  /** Inclusive; the log's head if not given. */
  readonly until?: number;
  /** All if not given; the others are not even read. */
  readonly types?: readonly EventType[] | undefined;
  /** These are not read. What is of no known type is, and cannot be read. */
  readonly except?: readonly EventType[] | undefined;
}

/**
 * Reads a log file on the calling thread, without locking the writer. Opened per thread, closed when done.
 * Every call throws `LogUnusable` where the file is damaged.
 */
export interface LogReader {
  head(): LogHead;
  /** Ascending, `after` exclusive, at most `limit`; unreadable ones go to `onUnreadable` and are left out. */
  read(after: Position, limit: number, onUnreadable: (event: UnreadableEvent) => void): Event[];
  /** With what folds and projections need of each event: cheaper than `read`. @returns the position of the last */
  fold(
    stretch: Stretch,
    onEvent: (event: ProjectedEvent) => void,
    onUnreadable: (event: UnreadableEvent) => void,
  ): Position;
  event(position: Position): Event | null;
  /** Milliseconds since the epoch; of an event that cannot be read, too. Null where there is none. */
  recordedAt(position: number): number | null;
  positionOf(id: EventId): Position | null;
  /** The newest event of a type, if any. */
  last(type: EventType): Event | null;
  /** Reads of the log as it is at the first of them, which also cost less than each by itself. */
  together<T>(reads: () => T): T;
  /** The newest snapshot of this version that the chain vouches for, and that is not beyond a position; else null. */
  snapshot(foldVersion: number, atMost?: Position): Snapshot | null;
  close(): void;
}

/** The log can't be written now; what was handed in is not in it. `hint` is the way out, in one line. */
export class LogUnwritable extends Error {
  override readonly name = 'LogUnwritable';
  readonly code: 'full' | 'read-only' | 'damaged' | 'locked' | 'io';
  readonly hint: string;
  constructor(message: string, code: LogUnwritable['code'], hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** The log can't be opened at all: locked by another process, truncated, not a log, or from a newer version. */
export class LogUnusable extends Error {
  override readonly name = 'LogUnusable';
  readonly code: 'in-use' | 'empty-file' | 'truncated' | 'foreign' | 'damaged' | 'newer' | 'io';
  readonly hint: string;
  constructor(message: string, code: LogUnusable['code'], hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}
