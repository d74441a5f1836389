/** The watcher's times, in milliseconds. */
export interface Timings {
  /** Between two lists that are held against what is known. */
  readonly reconcile: number;
  /** Until a difference is looked at again before it counts as a drift. */
  readonly confirm: number;
  /** Silence after which a replay counts as ended. */
  readonly quiet: number;
  /** The longest a replay is waited for. */
  readonly replay: number;
  /** How long a cut may take to mend before the engine is reported lost. */
  readonly grace: number;
  readonly firstBackoff: number;
  readonly longestBackoff: number;
  /** For one call that reads. */
  readonly deadline: number;
  /** A session that lived shorter than this is followed by a wait. */
  readonly healthy: number;
  readonly stall: StallTimings;
}

export interface StallTimings {
  readonly tick: number;
  /** A jump between ticks that is longer than this means that the process stood still. */
  readonly jump: number;
  /** Silence that ends the draining of what had piled up. */
  readonly quiet: number;
  readonly drain: number;
}

export const defaultTimings: Timings = {
  reconcile: 60_000,
  confirm: 1_000,
  quiet: 250,
  replay: 1_500,
  grace: 1_000,
  firstBackoff: 100,
  longestBackoff: 5_000,
  deadline: 5_000,
  healthy: 1_000,
  stall: { tick: 500, jump: 2_000, quiet: 250, drain: 5_000 },
};
