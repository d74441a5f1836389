/**
 * The loop: takes what came in, decides, appends it in one group commit, then adopts the new state and tells the proxy.
 * Closings act at once, openings wait until they are on disk.
 */
import type { Event } from '../events/event.ts';
import type { EventId, Host } from '../events/ids.ts';
import { asUnwritable } from '../log/faults.ts';
import { type AppendOutcome, type Log, type LogHead, LogUnusable, LogUnwritable } from '../log/port.ts';
import { advance, advanceClock, type Step } from '../routing/advance.ts';
import { evolveOrSetAside } from '../routing/evolve.ts';
import { copyState } from '../routing/freeze.ts';
import { nextTakeover } from '../routing/holder.ts';
import { type Input, idOfSignal } from '../routing/record.ts';
import type { State } from '../routing/state.ts';
import { createLinger } from './linger.ts';
import { createRepeats } from './repeats.ts';
import type { TableFeed } from './table-feed.ts';
import { createTakeoverClock } from './takeover-clock.ts';

/** Most inputs that one commit takes. */
const batchLimit = 256;

export interface LoopDeps {
  readonly log: Log;
  /** Folded from the log up to its head; the loop owns it from here on. */
  readonly state: State;
  readonly feed: TableFeed;
  /** Folds what someone else appended into the state, up to the log's head. */
  readonly catchUp: (state: State) => void;
  readonly now: () => number;
  /** After each commit, with the log's new head. */
  readonly onCommit: (events: readonly Event[], head: LogHead) => void;
  /** The log cannot be written; called at each try in vain. */
  readonly onUnwritable: (error: LogUnwritable) => void;
  /** Something failed for a reason that is a bug; all else goes on, and what is in the log stays recorded. */
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
  /** Tries an unwritable log with this first, made of how many inputs were lost. @returns whether it is writable again */
  retry(noteOf: (lost: number) => Input): Promise<boolean>;
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
  const repeats = createRepeats(8192);
  const linger = createLinger();

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
    const hold = durable.policy?.claimHold ?? 0;
    guard(() => clock.set(problem === null ? (nextTakeover(durable)?.at ?? null) : null, hold));
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
    guard(() => deps.feed.withdraw(hosts, durable, ahead));
    let outcome: AppendOutcome;
    try {
      outcome = await deps.log.append(events, durable.position, now);
      if (outcome.kind === 'conflict') deps.catchUp(durable);
    } catch (error) {
      return fail(batch, error);
    }
    await settle(decided, outcome, hosts);
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
        giveUp(waiting, error);
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

  /** For a defect. */
  function giveUp(waiting: Waiting, error: unknown): void {
    waiting.reject(error);
    if (waiting.input === 'clock') clock.slowDown();
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

  async function settle(
    decided: readonly Decided[],
    outcome: AppendOutcome,
    hosts: ReadonlySet<Host>,
  ): Promise<void> {
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
    const byId = new Map(events.map((event) => [event.id, event]));
    const folded = events.map((event) => evolveOrSetAside(durable, event));
    const defects = folded.filter((one) => one instanceof Error);
    // What is decided next follows from what a start would fold.
    if (defects.length > 0) ahead = copyState(durable);
    defects.forEach(deps.onError);
    for (const event of events) repeats.recorded(event.id);
    guard(() => deps.feed.tell(hosts, durable, head.position));
    for (const { waiting, fact } of decided) waiting.resolve(fact === null ? null : byId.get(fact)!);
    guard(() => deps.onCommit(events, head));
  }

  /** A defect of ours is no fault of the log: it is told, and what comes after it goes on. */
  function guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      deps.onError(error);
    }
  }

  /** Nothing of the batch is in the log. */
  async function fail(batch: readonly Waiting[], error: unknown): Promise<void> {
    if (error instanceof LogUnwritable || error instanceof LogUnusable) {
      const unwritable = error instanceof LogUnusable ? asUnwritable(error) : error;
      problem = unwritable;
      refuse(batch, unwritable);
      guard(() => deps.onUnwritable(unwritable));
      return;
    }
    ahead = copyState(durable);
    if (batch.length === 1) return giveUp(batch[0]!, error);
    // One of them is at fault; each by itself, that one alone fails.
    for (const waiting of batch) await (problem === null ? commit([waiting]) : drop([waiting], problem));
  }

  function refuse(batch: readonly Waiting[], error: LogUnwritable): void {
    lost += batch.filter((waiting) => waiting.input !== 'clock').length;
    for (const waiting of batch) waiting.reject(error);
  }

  /** With the log unwritable routes can only be removed: what came in is judged, but not recorded. */
  function drop(batch: readonly Waiting[], error: LogUnwritable): void {
    const now = deps.now();
    // A note that is not recorded is of nothing that happened: a command that was refused explains no end.
    const judged = batch.filter(({ input }) => input !== 'clock' && input.kind !== 'note');
    // What was judged before is known to the state ahead alone.
    const decided = decideAll(judged, now, copyState(ahead));
    const hosts = new Set(decided.flatMap(({ step }) => [...step.hosts]));
    guard(() => deps.feed.withdraw(hosts, durable, ahead));
    refuse(batch, error);
  }

  async function retry(noteOf: (lost: number) => Input): Promise<boolean> {
    if (pumping !== null) await pumping;
    if (problem === null) return true;
    ahead = copyState(durable);
    const [before, told] = [problem, lost];
    problem = null;
    try {
      await enqueue(noteOf(told));
      lost -= told;
      return true;
    } catch (error) {
      // The failed try is no loss of its own.
      if (error instanceof LogUnwritable) lost -= 1;
      else deps.onError(error);
      problem ??= before;
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

  function submitSignal(input: Input & { kind: 'signal' }): void {
    const id = idOfSignal(input);
    if (repeats.begin(id)) void hand(input).finally(() => repeats.over(id));
  }

  return {
    submit: (input) => void (input.kind === 'signal' ? submitSignal(input) : hand(input)),
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
