/** What becomes of targets that leave the table: no new requests at once, a grace for what runs, then the end. */
import type { Target } from '../events/decisions.ts';
import { type HostEntry, targetKey } from '../routing/table.ts';

export interface Drain {
  /** A host's entry was replaced; either may be missing. */
  changed(before: HostEntry | undefined, after: HostEntry | undefined): void;
  /** Whether the table holds the target. */
  isCurrent(key: string): boolean;
  close(): void;
}

export interface DrainHooks {
  /** Milliseconds for what runs on a target that has left. */
  readonly grace: number;
  readonly onLeave: (key: string) => void;
  /** It is back before its grace was over, e.g. after a pause. */
  readonly onReturn: (key: string) => void;
  readonly onOver: (key: string) => void;
}

export function createDrain({ grace, onLeave, onReturn, onOver }: DrainHooks): Drain {
  /** How often the table holds each target: a container may answer to several hosts. */
  const held = new Map<string, number>();
  const leaving = new Map<string, NodeJS.Timeout>();

  function add(target: Target): void {
    const key = targetKey(target);
    held.set(key, (held.get(key) ?? 0) + 1);
    const timer = leaving.get(key);
    if (timer === undefined) return;
    clearTimeout(timer);
    leaving.delete(key);
    onReturn(key);
  }

  function remove(target: Target): void {
    const key = targetKey(target);
    const left = (held.get(key) ?? 0) - 1;
    if (left > 0) {
      held.set(key, left);
      return;
    }
    held.delete(key);
    leaving.set(key, setTimeout(over, grace, key).unref());
    onLeave(key);
  }

  function over(key: string): void {
    leaving.delete(key);
    onOver(key);
  }

  return {
    changed(before, after) {
      // Those that stay are counted first, so that they never seem to have left.
      for (const target of targetsOf(after)) add(target);
      for (const target of targetsOf(before)) remove(target);
    },
    isCurrent: (key) => held.has(key),
    close() {
      for (const timer of leaving.values()) clearTimeout(timer);
      leaving.clear();
    },
  };
}

const targetsOf = (entry: HostEntry | undefined): Target[] =>
  entry === undefined ? [] : entry.routes.flatMap((route) => route.targets);
