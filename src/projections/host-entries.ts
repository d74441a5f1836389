/**
 * `host_entries` and `refusal_history`: what the routing table said of each host at each position, sentence and all, and
 * which refusals stood. It is the very fold from which the proxy's table is made, so that the past is answered by the
 * same matcher and in the same words.
 */
import type { DatabaseFile } from '../db/open.ts';
import { eventTypes, type FoldedEvent } from '../events/event.ts';
import type { Host, Position } from '../events/ids.ts';
import type { LogReader } from '../log/port.ts';
import { hostsTouchedBy, untold } from '../routing/entries.ts';
import { evolveOrSetAside, setAside } from '../routing/evolve.ts';
import { standingRefusals } from '../routing/standing-refusals.ts';
import type { ContainerKey, RecordedRefusal, State } from '../routing/state.ts';
import { createEntryRows } from './entry-rows.ts';
import type { Fold, Projection } from './projection.ts';
import { stateAt } from './state-at.ts';

export const hostEntries: Projection = {
  name: 'host_entries',
  version: 7,
  tables: ['host_entries', 'host_names', 'refusal_history'],
  types: eventTypes.filter((type) => !untold.has(type)),
  open,
};

function open(db: DatabaseFile, log: LogReader): Fold {
  const entries = createEntryRows(db);
  const refusals = createRefusals(db);
  let state: State | null = null;
  const before = (position: Position): State => {
    if (state !== null) return state;
    state = stateAt(log, (position - 1) as Position);
    refusals.know(state);
    return state;
  };
  /** Rare: whatever an event that was set aside was about, all are looked at. @param known before it */
  function putAll(now: State, known: Iterable<Host>): void {
    for (const host of new Set(known).union(now.sites)) entries.put(now, host);
    refusals.put(now);
  }

  return {
    apply(event) {
      const now = before(event.position);
      const sites = evolveOrSetAside(now, event);
      if (sites instanceof Error)
        return putAll(now, stateAt(log, (event.position - 1) as Position).sites.keys());
      for (const host of hostsTouchedBy(now, event, sites)) entries.put(now, host);
      if (mayChangeRefusals(event)) refusals.put(now);
    },
    setAside({ position, recordedAt, streamId }) {
      const now = before(position);
      const known = [...now.sites.keys()];
      setAside(now, position, recordedAt, streamId);
      putAll(now, known);
    },
    flush: entries.flush,
    reset() {
      state = null;
      entries.forget();
    },
  };
}

const mayChangeRefusals = ({ type }: FoldedEvent): boolean =>
  type === 'ContainerObserved' ||
  type === 'ContainerLost' ||
  type === 'PolicyApplied' ||
  type === 'RouteOpened' ||
  type === 'RouteChanged' ||
  type === 'RouteRefused';

function createRefusals(db: DatabaseFile) {
  const end = db.prepare(
    'UPDATE refusal_history SET to_position = ? WHERE to_position IS NULL AND container = ?',
  );
  const begin = db.prepare(
    'INSERT OR REPLACE INTO refusal_history (container, from_position, to_position, refusals) VALUES (?, ?, NULL, ?)',
  );
  const known = new Map<ContainerKey, readonly RecordedRefusal[]>();
  return {
    /** Those that stand before the first event. */
    know(state: State): void {
      known.clear();
      for (const [key, list] of state.refusals) known.set(key, list);
    },
    /** What differs from before. */
    put(state: State): void {
      for (const [key, list] of state.refusals) {
        if (known.get(key) === list) continue;
        known.set(key, list);
        end.run(state.position, key);
        begin.run(key, state.position, JSON.stringify(standingRefusals(state, key, list)));
      }
      if (known.size === state.refusals.size) return;
      for (const key of known.keys()) {
        if (state.refusals.has(key)) continue;
        known.delete(key);
        end.run(state.position, key);
      }
    },
  };
}
