/** What the API answers of replays, as far as the dashboard reads it. See `/openapi.json`. */

/** One of the list: without what it found. */
export interface ReplayInShort {
  readonly id: string;
  readonly mode: 'rebuild' | 'compare' | 'what-if';
  readonly state: 'running' | 'succeeded' | 'failed' | 'cancelled';
  readonly position: number;
  readonly head: number;
  readonly eventsPerSecond: number;
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly until?: number;
  readonly policy?: PolicyChanges;
  readonly error?: string;
  readonly found?: number;
  readonly truncated?: boolean;
}

export interface PolicyChanges {
  readonly domain?: string;
  readonly expose?: 'all' | 'labeled';
  readonly allowedHosts?: readonly string[] | null;
  /** Milliseconds. */
  readonly claimHold?: number;
}

export interface Replay extends Omit<ReplayInShort, 'found' | 'truncated'> {
  readonly result?: {
    /** Of a comparison. */
    readonly differences?: readonly RowDifference[];
    readonly compared?: number;
    /** Of a what-if. */
    readonly routes?: readonly RouteDifference[];
    readonly truncated?: boolean;
  };
}

type Row = Readonly<Record<string, unknown>>;

export interface RowDifference {
  readonly projection: string;
  readonly table: string;
  readonly key: string;
  readonly live: Row | null;
  readonly rebuilt: Row | null;
}

export interface RouteDifference {
  readonly host: string;
  readonly path: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly from: { readonly position: number; readonly at: string };
  readonly to: { readonly position: number; readonly at: string } | null;
  readonly live: readonly string[];
  readonly whatIf: readonly string[];
}
