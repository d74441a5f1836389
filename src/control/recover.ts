/** Folds the log into the deciding state at a start: from the newest snapshot that the chain vouches for, and the tail. */
import type { Position } from '../events/ids.ts';
import type { LogReader, UnreadableEvent } from '../log/port.ts';
import { createLogReader } from '../log/read.ts';
import { evolve, setAside } from '../routing/evolve.ts';
import { thaw } from '../routing/freeze.ts';
import { foldVersion } from '../routing/policy.ts';
import { createState, type State } from '../routing/state.ts';
import { foldInTwo } from './fold-in-two.ts';

export interface Recovered {
  readonly state: State;
  /** Position of the snapshot it began with; 0 if it was folded from the start. */
  readonly snapshot: Position;
  /** Events whose payload no longer parses; their containers are not served. */
  readonly unreadable: UnreadableEvent[];
}

/**
 * @param onSlow why a long log is folded on one thread, which takes about twice as long
 * @throws {LogUnusable} if the folder's log cannot be read
 */
export async function recover(dataDir: string, onSlow: (reason: string) => void): Promise<Recovered> {
  const reader = createLogReader(dataDir);
  try {
    const snapshot = reader.snapshot(foldVersion);
    const begun = snapshot === null ? await foldInTwo(reader, dataDir, onSlow) : thaw(snapshot.bytes);
    const state = begun ?? createState();
    const unreadable = foldInto(state, reader);
    return { state, snapshot: (snapshot?.position ?? 0) as Position, unreadable };
  } finally {
    reader.close();
  }
}

/** Folds what the log has beyond the state. @returns what could not be read */
export function foldInto(state: State, reader: LogReader): UnreadableEvent[] {
  const unreadable: UnreadableEvent[] = [];
  reader.fold(
    { after: state.position },
    (event) => {
      evolve(state, event);
    },
    (event) => {
      unreadable.push(event);
      setAside(state, event.position, event.recordedAt, event.streamId);
    },
  );
  return unreadable;
}
