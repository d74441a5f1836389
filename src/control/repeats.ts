/** Finds signals that are told again: those that are being recorded, and those that were lately. The log is the final guard. */
import type { EventId } from '../events/ids.ts';

export interface Repeats {
  /** It is being recorded, until `over`. @returns false if it is a repeat */
  begin(id: EventId): boolean;
  over(id: EventId): void;
  recorded(id: EventId): void;
}

/** @param limit how many recorded ones are remembered; the oldest is forgotten first */
export function createRepeats(limit: number): Repeats {
  const recent = new Set<EventId>();
  /** One commit must not hold the same one twice. */
  const underWay = new Set<EventId>();
  return {
    begin(id) {
      if (underWay.has(id) || recent.has(id)) return false;
      underWay.add(id);
      return true;
    },
    over: (id) => void underWay.delete(id),
    recorded(id) {
      recent.add(id);
      if (recent.size > limit) recent.delete(recent.values().next().value!);
    },
  };
}
