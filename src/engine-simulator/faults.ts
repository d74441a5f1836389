/** Switches for what goes wrong with an engine and the way to it. Each may be set at any time. */
export interface Faults {
  /**
   * How events go out: split into single bytes, held back to go out together, doubled, neighbours swapped, or not at
   * all (what is silenced is lost).
   */
  stream: 'plain' | 'split' | 'batched' | 'doubled' | 'reordered' | 'silent';
  /** Sent before each line, e.g. `not json\n`. */
  garbage: string;
  /** So many of the next events reach nobody, and nothing shows it. They are remembered, though. */
  dropNext: number;
  /** Milliseconds between the head of `GET /events` and the subscription. */
  subscribeDelay: number;
  /** Milliseconds by which inspections are late. */
  inspectDelay: number;
  /** Milliseconds by which the list lags behind inspect, beside what the engine itself needs. */
  listLag: number;
  /** `docker stop` says `stop` before `die`, as a race in the engine has it now and then. */
  stopBeforeDie: boolean;
  /** Pulls of what is not there yet fail underway with this message; null: they succeed. */
  pullError: string | null;
  /** Calls whose `METHOD /path` (without version) begins with the key: see `CallFault`. */
  readonly calls: Map<string, CallFault>;
}

export type CallFault =
  /** Never answered. */
  | 'hang'
  /** The connection is reset before anything is done. */
  | 'reset'
  /** It is done, but the connection ends before the answer. */
  | 'lost'
  | {
      /** Milliseconds before it is answered, or done. */
      readonly delay?: number;
      /** Answers with this status and message instead of doing it. */
      readonly status?: number;
      readonly message?: string;
      /** For so many calls; without it for all. */
      readonly times?: number;
    };

export const createFaults = (): Faults => ({
  stream: 'plain',
  garbage: '',
  dropNext: 0,
  subscribeDelay: 0,
  inspectDelay: 0,
  listLag: 0,
  stopBeforeDie: false,
  pullError: null,
  calls: new Map(),
});
