/**
 * The loop: takes what came in, decides, appends it in one group commit, then adopts the new state and tells the proxy.
 * Closings act at once, openings wait until they are on disk.
 */
import type { Event, NewEvent } from '../events/event.ts';
import type { EventId, Host } from '../events/ids.ts';
import { type Log, type LogHead, LogUnwritable } from '../log/port.ts';
import { advance, advanceClock, type Step } from '../routing/advance.ts';
import { entryOf } from '../routing/entries.ts';
import { evolve } from '../routing/evolve.ts';
import { copyState } from '../routing/freeze.ts';
import { nextTakeover } from '../routing/holder.ts';
import { type Input, idOfSignal } from '../routing/record.ts';
import type { State } from '../routing/state.ts';
import type { TableDelta } from '../routing/table.ts';
import { createLinger } from './linger.ts';
import { createRecent } from './recent.ts';
import { createTakeoverClock } from './takeover-clock.ts';
import { withdrawn } from './withdraw.ts';

/** Most inputs that one commit takes. */
const batchLimit = 256;

export interface LoopDeps {
  readonly log: Log;
  /** Folded from the log up to its head; the loop owns it from here on. */
  readonly state: State;
  readonly applyDelta: (delta: TableDelta) => void;
  /** Folds what someone else appended into the state, up to the log's head. */
  readonly catchUp: (state: State) => void;
  readonly now: () => number;
  /** After each commit, with the log's new head. */
  readonly onCommit: (events: readonly Event[], head: LogHead) => void;
  /** The log cannot be written; called at each try in vain. */
  readonly onUnwritable: (error: LogUnwritable) => void;
  /** Something failed for a reason that is a bug; the loop goes on with the state that is on disk. */
  readonly onError: (error: unknown) => void;
}

/** What became of an input: its event, or null if the log knew it already. */
export type Recorded = Event | null;

export interface Loop {
  /** Hands an input in; what becomes of it is seen in the log. */
  submit(input: Input): void;
  /** @throws {LogUnwritable} nothing of it was recorded; so it is if anything else is thrown, which is a defect */
  record(input: Input): Promise<Recorded>;
  /** Resolves when all that was handed in before is recorded or refused. */
  settled(): Promise<void>;
  /** The state as it is on disk. Read only. */
  state(): State;
  writable(): boolean;
  /** How many inputs were not recorded since the log became unwritable. */
  lost(): number;
  /** Tries an unwritable log with this input first. @returns whether it is writable again */
  retry(input: Input): Promise<boolean>;
  stop(): void;
}

interface Waiting {
  readonly input: Input | 'clock';
  readonly resolve: (recorded: Recorded) => void;
  readonly reject: (error: unknown) => void;
}

interface Decided {
  readonly waiting: Waiting;
  readonly fact: EventId | null;
  readonly step: Step;
}

export function createLoop(deps: LoopDeps): Loop {
  const durable = deps.state;
  let ahead = copyState(durable);
  let queue: Waiting[] = [];
  let pumping: Promise<void> | null = null;
  /** Why the log cannot be written; null while it can. */
  let problem: LogUnwritable | null = null;
  let lost = 0;
  const clock = createTakeoverClock(() => void hand('clock'), deps.now);
  const recent = createRecent(8192);
  const linger = createLinger();
  /** Signals that are handed in and not recorded yet: one commit must not hold the same one twice. */
  const underWay = new Set<EventId>();

  const enqueue = (input: Input | 'clock'): Promise<Recorded> =>
    new Promise((resolve, reject) => {
      queue.push({ input, resolve, reject });
      linger.came(input);
      pumping ??= pump().finally(() => {
        pumping = null;
      });
    });

  async function pump(): Promise<void> {
    // Lets all inputs of this tick into the first commit.
    await null;
    while (queue.length > 0) {
      await linger.over(queue);
      const batch = queue.slice(0, batchLimit);
      queue = queue.slice(batchLimit);
      if (problem === null) await commit(batch);
      else drop(batch, problem);
    }
    // A takeover opens a route, which could not be recorded now.
    clock.set(problem === null ? (nextTakeover(durable)?.at ?? null) : null, durable.policy?.claimHold ?? 0);
  }

  async function commit(batch: readonly Waiting[]): Promise<void> {
    const now = deps.now();
    const decided = decideAll(batch, now, durable);
    const events = decided.flatMap((one) => one.step.events);
    const hosts = new Set(decided.flatMap((one) => [...one.step.hosts]));
    if (events.length === 0) {
      for (const { waiting } of decided) waiting.resolve(null);
      return;
    }
    try {
      withdraw(hosts);
      await append(decided, events, hosts, now);
    } catch (error) {
      fail(batch, error);
    }
  }

  /**
   * Without those that cannot be decided, which is a defect: what one container brings about must not stop all others.
   * @param before as the state ahead is now
   */
  function decideAll(batch: readonly Waiting[], now: number, before: State): Decided[] {
    const decided: Decided[] = [];
    for (const waiting of batch) {
      try {
        decided.push(decideOne(waiting, now));
      } catch (error) {
        waiting.reject(error);
        if (waiting.input === 'clock') clock.slowDown();
        // What it left of the state ahead is worth nothing.
        ahead = copyState(before);
        return decideAll(
          batch.filter((one) => one !== waiting),
          now,
          before,
        );
      }
    }
    return decided;
  }

  function decideOne(waiting: Waiting, now: number): Decided {
    if (waiting.input === 'clock') {
      const due = advanceClock(ahead, now, Math.max(now, clock.reached()));
      clock.keepUp();
      return { waiting, fact: null, step: due };
    }
    const step = advance(ahead, waiting.input, now);
    return { waiting, fact: step.events[0]?.id ?? null, step };
  }

  async function append(
    decided: readonly Decided[],
    events: readonly NewEvent[],
    hosts: ReadonlySet<Host>,
    now: number,
  ): Promise<void> {
    const outcome = await deps.log.append(events, durable.position, now);
    switch (outcome.kind) {
      case 'appended':
        adopt(decided, outcome.events, outcome.head, hosts);
        return;
      case 'repeated': {
        const known = new Set(outcome.ids);
        ahead = copyState(durable);
        for (const { waiting, fact } of decided) if (fact !== null && known.has(fact)) waiting.resolve(null);
        await commit(
          decided.filter(({ fact }) => fact === null || !known.has(fact)).map((one) => one.waiting),
        );
        return;
      }
      case 'conflict':
        deps.catchUp(durable);
        ahead = copyState(durable);
        await commit(decided.map((one) => one.waiting));
        return;
      default:
        outcome satisfies never;
    }
  }

  function adopt(
    decided: readonly Decided[],
    events: readonly Event[],
    head: LogHead,
    hosts: ReadonlySet<Host>,
  ): void {
    const byId = new Map<EventId, Event>();
    for (const event of events) {
      evolve(durable, event);
      byId.set(event.id, event);
      recent.add(event.id);
    }
    if (hosts.size > 0) {
      deps.applyDelta({ position: head.position, hosts: [...hosts].map((host) => entryOf(durable, host)) });
    }
    for (const { waiting, fact } of decided) waiting.resolve(fact === null ? null : byId.get(fact)!);
    deps.onCommit(events, head);
  }

  /** Takes targets that are gone out of the table before that is on disk. */
  function withdraw(hosts: ReadonlySet<Host>): void {
    const entries = [...hosts].flatMap(
      (host) => withdrawn(entryOf(durable, host), entryOf(ahead, host)) ?? [],
    );
    if (entries.length > 0) deps.applyDelta({ position: durable.position, hosts: entries });
  }

  function fail(batch: readonly Waiting[], error: unknown): void {
    const unwritable =
      error instanceof LogUnwritable
        ? error
        : new LogUnwritable('the append failed', 'io', 'see the service log');
    if (unwritable !== error) deps.onError(error);
    problem = unwritable;
    lost += batch.filter((waiting) => waiting.input !== 'clock').length;
    for (const waiting of batch) waiting.reject(unwritable);
    deps.onUnwritable(unwritable);
  }

  /** With the log unwritable routes can only be removed: what came in is judged, but not recorded. */
  function drop(batch: readonly Waiting[], error: LogUnwritable): void {
    const now = deps.now();
    // A note that is not recorded is of nothing that happened: a command that was refused explains no end.
    const judged = batch.filter(({ input }) => input !== 'clock' && input.kind !== 'note');
    // What was judged before is known to the state ahead alone.
    const decided = decideAll(judged, now, copyState(ahead));
    try {
      withdraw(new Set(decided.flatMap(({ step }) => [...step.hosts])));
    } catch (defect) {
      deps.onError(defect);
    }
    for (const waiting of batch) {
      if (waiting.input !== 'clock') lost += 1;
      waiting.reject(error);
    }
  }

  async function retry(input: Input): Promise<boolean> {
    if (problem === null) return true;
    if (pumping !== null) await pumping;
    ahead = copyState(durable);
    const before = lost;
    problem = null;
    try {
      await enqueue(input);
      lost -= before;
      return true;
    } catch (error) {
      reportDefect(error);
      // The failed try is no loss of its own.
      lost = before;
      return false;
    }
  }

  /** Nobody waits for it. */
  function hand(input: Input | 'clock'): Promise<unknown> {
    return enqueue(input).catch(reportDefect);
  }

  /** That the log cannot be written is told by `onUnwritable`, and the gap is recorded later. */
  function reportDefect(error: unknown): void {
    if (!(error instanceof LogUnwritable)) deps.onError(error);
  }

  /** Most repeats of a replayed stream are found here; the log is the final guard. */
  function submitSignal(input: Input & { kind: 'signal' }): void {
    const id = idOfSignal(input);
    if (underWay.has(id) || recent.has(id)) return;
    underWay.add(id);
    void hand(input).finally(() => underWay.delete(id));
  }

  return {
    submit(input) {
      if (input.kind === 'signal') submitSignal(input);
      else void hand(input);
    },
    record: (input) => enqueue(input),
    async settled() {
      while (pumping !== null) await pumping;
    },
    state: () => durable,
    writable: () => problem === null,
    lost: () => lost,
    retry,
    stop: clock.stop,
  };
}
