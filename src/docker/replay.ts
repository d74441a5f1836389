/**
 * Judges, after each subscription, whether the engine's memory reached back to the last event that had arrived.
 *
 * The engine keeps its last 256 events, of all types, in memory, and replays those since a time, oldest first, at once
 * after the response's head. So the last event L is in the replay, or something was missed: the memory was too
 * short, or a restart emptied it, or a step of the clock hides a part (moby stops at the first older event, looking
 * back). This holds in any order of times, where comparing M0, the first one replayed, with L would not.
 * Found on dockerd 20.10.24: a restart empties the memory and no event tells of it. After a kill -9 the new daemon
 * first ends what was left running, so kill, die, stop and start of its own making are replayed; with live-restore
 * nothing is, though a container had died meanwhile. Neither the engine's id nor `GET /info` shows a restart. So the
 * reason is told by count: a memory that was too short replays 256 events, one that was emptied fewer.
 * Where nothing had arrived yet there is no L. Then only a full memory that begins later than the engine was followed
 * shows that something was missed; one that a restart emptied does not.
 */
import type { Gap, LastSeen } from './engine.ts';
import type { EngineMessage } from './signals.ts';

/** Events that moby remembers (daemon/events, `eventsLimit`). */
const memory = 256;

export interface ReplayOptions {
  /** How far the stream of this engine was known before; null if it never was followed. */
  readonly last: LastSeen | null;
  /** Since when this run follows the engine, nanoseconds on its clock. */
  readonly followedSince: bigint;
  /** Whether a message came before, in this run. */
  readonly hasSeen: (message: EngineMessage) => boolean;
  /** Milliseconds of silence, after the list was taken, that end a replay. */
  readonly quiet: number;
  /** Milliseconds after which it is judged whatever comes. */
  readonly longest: number;
  /** Nanoseconds on the engine's clock, now. */
  readonly now: () => bigint;
  readonly onGap: (gap: Gap) => void;
  /** Each message, in order, as soon as it is known whether a gap lies before it. */
  readonly release: (message: EngineMessage) => void;
}

export interface Replay {
  take(message: EngineMessage): void;
  /** The list has been taken: silence counts from here on. */
  listed(): void;
  /** Resolves when it has been judged and all that was held is released. */
  readonly settled: Promise<void>;
  stop(): void;
}

export function createReplay(options: ReplayOptions): Replay {
  const { last, followedSince, hasSeen, quiet, longest, now, onGap, release } = options;
  const settled = Promise.withResolvers<void>();
  const held: EngineMessage[] = [];
  let judged = false;
  let listed = false;
  let quietTimer: NodeJS.Timeout | undefined;
  const bound = setTimeout(() => judge(false), longest);

  function judge(found: boolean): void {
    if (judged) return;
    judged = true;
    stop();
    if (found) reportHole();
    else if (last !== null && missedAfter(last, held)) onGap(gapAfter(last.timeNano, held, now()));
    for (const message of held.splice(0)) release(message);
    settled.resolve();
  }
  /**
   * L came, and before it something did not: the engine skips a subscriber that is far behind, and goes on later. What
   * is remembered is replayed now; what is older than the first remembered one may be lost.
   */
  function reportHole(): void {
    const first = held[0];
    if (first === undefined || first.timeNano <= followedSince || hasSeen(first)) return;
    onGap({ from: followedSince, to: first.timeNano, reason: 'stream-interrupted' });
  }
  function awaitQuiet(): void {
    clearTimeout(quietTimer);
    if (listed && !judged) quietTimer = setTimeout(() => judge(false), quiet);
  }
  function stop(): void {
    clearTimeout(bound);
    clearTimeout(quietTimer);
  }

  if (last === null) judge(true);
  return {
    take(message) {
      if (judged) return release(message);
      held.push(message);
      if (last?.arrived && message.timeNano === last.timeNano) judge(true);
      else awaitQuiet();
    },
    listed() {
      listed = true;
      awaitQuiet();
    },
    settled: settled.promise,
    stop,
  };
}

/** Whether something was missed, where the last event that arrived is not in the replay. */
const missedAfter = (last: LastSeen, held: readonly EngineMessage[]): boolean =>
  last.arrived || (held.length >= memory && held[0]!.timeNano > last.timeNano);

const gapAfter = (last: bigint, held: readonly EngineMessage[], now: bigint): Gap => ({
  from: last,
  to: held[0]?.timeNano ?? now,
  reason: held.length >= memory ? 'memory-too-short' : 'engine-restarted',
});
