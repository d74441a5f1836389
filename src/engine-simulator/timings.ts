/** How long things take in the simulated engine, in milliseconds. All short: tests and the demo wait for them. */
export interface Timings {
  /** From the call to the running process; a real engine takes 200 to 300. */
  readonly start: number;
  /** From a process's end to its networks' release; meanwhile the list still shows it as running. */
  readonly cleanup: number;
  /** Pause before a restart by policy; doubles with each until the container has run for `restartReset`. */
  readonly restartBackoff: number;
  readonly restartReset: number;
  /** How long the engine waits for one subscriber that takes no more events, for each event. */
  readonly publish: number;
  /** Between two samples of `GET /containers/{id}/stats`. */
  readonly stats: number;
  /** Between two lines of a pull's progress. */
  readonly pull: number;
  /** Replaces the interval of every HEALTHCHECK; null leaves each its own. */
  readonly probe: number | null;
}

/** The engine's own values (moby 20.10) where a wait is part of what it does. */
export const usualTimings: Timings = {
  start: 0,
  cleanup: 2,
  restartBackoff: 100,
  restartReset: 10_000,
  publish: 100,
  stats: 1_000,
  pull: 40,
  probe: null,
};
