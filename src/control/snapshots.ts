/** Takes a snapshot of the deciding state now and then, so that a start folds only the tail of the log. */
import { createHash } from 'node:crypto';
import type { Log, LogHead } from '../log/port.ts';
import { freeze } from '../routing/freeze.ts';
import { foldVersion } from '../routing/policy.ts';
import type { Loop } from './loop.ts';
import { journal } from './notes.ts';

export interface Snapshots {
  /** After each commit, with the log's head; takes a snapshot when enough has been appended since the last. */
  committed(head: LogHead): void;
  /** Takes one now if `least` events have been appended since the last; without it a start takes longer, and no more. */
  take(least: number): Promise<void>;
}

/** Events between two snapshots. */
const every = 5_000;

/** @param taken position of the last snapshot */
export function createSnapshots(
  deps: {
    readonly log: Log;
    readonly loop: () => Loop;
    readonly now: () => number;
    /** None was taken: the log cannot be written, or it is a defect. */
    readonly onError: (error: unknown) => void;
  },
  taken: number,
): Snapshots {
  let last = taken;
  let running: Promise<void> | null = null;

  async function take(least: number): Promise<void> {
    const loop = deps.loop();
    const head = deps.log.head();
    const state = loop.state();
    // Between commit and adoption the head is ahead of the state; the next commit tries again.
    if (state.position !== head.position || head.position - last < least || !loop.writable()) return;
    const bytes = freeze(state);
    const digest = createHash('sha256').update(bytes).digest('hex');
    last = head.position;
    await deps.log.keepSnapshot({
      position: head.position,
      foldVersion,
      chainHash: head.hash,
      digest,
      bytes,
    });
    await loop.record(journal('SnapshotTaken', { at: head.position, foldVersion, digest }, null, deps.now()));
  }

  return {
    committed(head) {
      if (running !== null || head.position - last < every) return;
      running = take(every)
        .catch(deps.onError)
        .finally(() => {
          running = null;
        });
    },
    async take(least) {
      if (running !== null) await running;
      await take(least).catch(deps.onError);
    },
  };
}
