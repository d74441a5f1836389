/** What only the live state knows: refusals in force, hosts that are asked for, and why one has no upstream. */
import type { Host } from '../events/ids.ts';
import type { Progress } from '../projections/projector.ts';
import type { Projections } from '../projections/runner.ts';
import { entryOf } from '../routing/entries.ts';
import { withoutUpstream } from '../routing/explain.ts';
import { type StandingRefusal, standingRefusals } from '../routing/standing-refusals.ts';
import type { Loop } from './loop.ts';
import type { TrustKeeper } from './trust.ts';

export interface LiveState {
  refusals(): readonly StandingRefusal[];
  hosts(): readonly string[];
  sentence(host: string): string;
  /** Why what is recorded may not be how things are now, as a sentence; empty if it is. */
  caveat(): string;
  confirmed(): boolean;
  serves(): boolean;
  projections(): readonly Progress[];
  /** @param names of the projections that are meant; all if not given */
  stale(names?: ReadonlySet<string>): Stale | null;
  caughtUp(): Promise<unknown>;
  projectionsFailed(how: 'damaged' | 'moved'): void;
}

/** Answers know the log up to this position only. */
export interface Stale {
  readonly position: number;
  readonly reason: string;
}

/** Events behind which nobody waits: the projections are being made. */
const farBehind = 10_000;
/** Milliseconds that a question waits for the projections. */
const patience = 1_000;

/** What a sentence about now leaves open. */
const caveats: Readonly<Record<ReturnType<TrustKeeper['current']>, string>> = {
  confirmed: '',
  holding: 'The Docker engine is being asked what is running: this is what was last known.',
  unconfirmed: 'The Docker engine does not tell now what is running: this is what was last known.',
  distrusted:
    'The Docker engine has not told yet what is running, and what was last known may be of another boot of the machine: until it does, requests are answered with 503.',
};

export function createLive(
  loop: Pick<Loop, 'state'>,
  trust: Pick<TrustKeeper, 'current'>,
  projections: Pick<Projections, 'progress' | 'reached' | 'replace' | 'notify'>,
  log: { readonly head: () => number; readonly problem: () => string },
): LiveState {
  /** Those that only lag follow at once, as a rule: who asks waits for them. */
  function stale(names?: ReadonlySet<string>): Stale | null {
    const head = log.head();
    const behind = projections
      .progress()
      .filter(({ name }) => names === undefined || names.has(name))
      .filter(({ position, problem }) => position < (problem === '' ? head - farBehind : head));
    if (behind.length === 0) return null;
    const { problem = 'they are being made' } = behind.find((one) => one.problem !== '') ?? {};
    return { position: Math.min(...behind.map(({ position }) => position)), reason: problem };
  }

  return {
    refusals() {
      const state = loop.state();
      return [...state.refusals].flatMap(([key, list]) => standingRefusals(state, key, list));
    },
    hosts: () => [...loop.state().sites.keys()],
    // One that is refused to all who ask for it is known to nobody else.
    sentence: (host) => entryOf(loop.state(), host as Host).sentence || withoutUpstream(host),
    caveat() {
      const recorded =
        log.problem() === ''
          ? caveats[trust.current()]
          : `Nothing can be recorded now (${log.problem()}): this is what was last known.`;
      const behind = stale();
      if (behind === null) return recorded;
      return `${recorded} What came after position ${behind.position} is not looked at here: ${behind.reason}.`.trim();
    },
    confirmed: () => trust.current() === 'confirmed' && log.problem() === '',
    serves: () => trust.current() !== 'distrusted',
    projections: projections.progress,
    stale,
    caughtUp() {
      const position = log.head();
      const isFar = projections
        .progress()
        .some((one) => one.problem === '' && one.position < position - farBehind);
      return isFar ? Promise.resolve() : projections.reached(position, patience);
    },
    // One that was moved is looked for with the next step.
    projectionsFailed: (how) => (how === 'damaged' ? projections.replace() : projections.notify()),
  };
}
