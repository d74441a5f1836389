/** Folds the log into the deciding state at a start: from the newest snapshot that the chain vouches for, and the tail. */
import type { Position } from '../events/ids.ts';
import type { LogReader, Snapshot, UnreadableEvent } from '../log/port.ts';
import { createLogReader } from '../log/read.ts';
import { evolveOrSetAside, setAside } from '../routing/evolve.ts';
import { thaw } from '../routing/freeze.ts';
import { foldVersion } from '../routing/policy.ts';
import { createState, type State } from '../routing/state.ts';
import { foldInTwo } from './fold-in-two.ts';

export interface Recovered {
  readonly state: State;
  /** Position of the snapshot it began with; 0 if it was folded from the start. */
  readonly snapshot: Position;
  /** Events whose payload no longer parses, or at which the fold fails; their containers are not served. */
  readonly unreadable: UnreadableEvent[];
}

/**
 * @param onSlow why the fold takes longer: without its snapshot, or on one thread
 * @throws {LogUnusable} if the folder's log cannot be read
 */
export async function recover(dataDir: string, onSlow: (reason: string) => void): Promise<Recovered> {
  const reader = createLogReader(dataDir);
  try {
    const snapshot = reader.snapshot(foldVersion);
    const known = snapshot === null ? null : thawed(snapshot, onSlow);
    const state = known ?? (await foldInTwo(reader, dataDir, onSlow)) ?? createState();
    const begun = known === null ? 0 : state.position;
    const unreadable = foldInto(state, reader);
    return { state, snapshot: begun as Position, unreadable };
  } finally {
    reader.close();
  }
}

/** @returns null where what follows from it cannot be worked out: a fold from the start shows at which event */
function thawed({ position, bytes }: Snapshot, onSlow: (reason: string) => void): State | null {
  try {
    return thaw(bytes);
  } catch (defect) {
    onSlow(`the snapshot at position ${position} is of no use: ${(defect as Error).message}`);
    return null;
  }
}

/** Folds what the log has beyond the state. @returns what could not be read or folded */
export function foldInto(state: State, reader: LogReader): UnreadableEvent[] {
  const unreadable: UnreadableEvent[] = [];
  reader.fold(
    { after: state.position },
    (event) => {
      const defect = evolveOrSetAside(state, event);
      if (!(defect instanceof Error)) return;
      const { position, recordedAt, type, streamId } = event;
      const problem = `it cannot be folded: ${defect.message}`;
      unreadable.push({ position, recordedAt, type, streamId, problem });
    },
    (event) => {
      unreadable.push(event);
      setAside(state, event.position, event.recordedAt, event.streamId);
    },
  );
  return unreadable;
}
