/** The deciding state as it was after an event: from the newest snapshot that is not younger, else folded from the start. */
import type { Position } from '../events/ids.ts';
import type { LogReader } from '../log/port.ts';
import { evolveOrSetAside, setAside } from '../routing/evolve.ts';
import { thaw } from '../routing/freeze.ts';
import { foldVersion } from '../routing/policy.ts';
import { createState, type State } from '../routing/state.ts';
import { isEvent, readBatch } from './batch.ts';

const piece = 1_000;

export function stateAt(log: LogReader, position: Position): State {
  const snapshot = log.snapshot(foldVersion, position);
  const state = snapshot === null ? createState() : thaw(snapshot.bytes);
  while (state.position < position) {
    const batch = readBatch(log, state.position, Math.min(piece, position - state.position));
    if (batch.length === 0) throw new Error(`the log ends before position ${position}`);
    for (const item of batch) {
      if (isEvent(item)) evolveOrSetAside(state, item);
      else setAside(state, item.position, item.recordedAt, item.streamId);
    }
  }
  return state;
}
