/** Remembers the last few event ids. */
import type { EventId } from '../events/ids.ts';

export interface Recent {
  add(id: EventId): void;
  has(id: EventId): boolean;
}

/** @param limit how many are remembered; the oldest is forgotten first */
export function createRecent(limit: number): Recent {
  const ids = new Set<EventId>();
  return {
    add(id) {
      ids.add(id);
      if (ids.size > limit) ids.delete(ids.values().next().value!);
    },
    has: (id) => ids.has(id),
  };
}
