/** What the API answers, as far as the dashboard reads it. See `/openapi.json`. */

export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

export interface Target {
  readonly container: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly startedAt: string;
}

export interface Match {
  readonly host: string;
  readonly path: string;
}

export interface Route {
  readonly id: string;
  readonly match: Match;
  readonly owner: string;
  readonly targets: readonly Target[];
  readonly state: 'open' | 'unconfirmed' | 'closed';
  readonly reason?: string;
  readonly since: string;
  readonly position: number;
  /** Where it was not served all the time since. */
  readonly served?: ServedAgain;
}

export interface ServedAgain {
  readonly since: string;
  readonly position: number;
  readonly after: 'away' | 'unrecorded';
}

export interface Refusal {
  readonly container: string;
  readonly name: string;
  readonly match: Match | null;
  readonly reason: string;
  readonly detail: string;
  readonly position: number;
  readonly since: string;
}

export interface Host {
  readonly host: string;
  readonly state: 'open' | 'unconfirmed' | 'closed' | 'refused';
  readonly routes: readonly Route[];
  readonly refusals: readonly Refusal[];
  readonly sentence: string;
}

export interface Interval {
  readonly route: string;
  readonly host?: string;
  readonly match: Match;
  readonly owner: string;
  readonly targets: readonly Target[];
  readonly from: string;
  readonly to: string | null;
  readonly openedBy: number;
  readonly closedBy: number | null;
  readonly reason: string | null;
  readonly ended: 'closed' | 'changed' | 'away' | 'unrecorded' | null;
  /** Where it did not begin with the decision on its targets. */
  readonly decided?: { readonly at: string; readonly position: number };
}

export interface Actor {
  readonly kind: 'engine' | 'api' | 'external' | 'portolan';
  readonly name: string;
}

export interface LogEvent {
  readonly position: number;
  readonly id: string;
  readonly type: string;
  readonly streamId: string;
  readonly engineId: string | null;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly actor: Actor;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly inferred: boolean;
  readonly data: Readonly<Record<string, unknown>>;
  readonly hash: string;
  /** Where the event itself does not tell. */
  readonly containerName?: string;
}

export interface AuditEntry {
  readonly position: number;
  readonly actor: Actor;
  readonly action: string;
  readonly container: string | null;
  readonly name: string | null;
  readonly requestedAt: string;
  readonly completedAt: string | null;
  readonly outcome: 'pending' | 'succeeded' | 'failed' | 'refused' | 'unknown' | 'observed';
  readonly detail: string;
  readonly basis: 'exact' | 'window' | 'ambiguous';
  readonly consequences: readonly number[];
}

export interface Container {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  readonly createdAt: string;
  readonly status: string;
  readonly health: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly exitCode: number;
  readonly restartCount: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly exposed: readonly number[];
  readonly published: readonly { port: number; hostAddress: string; hostPort: number }[];
  readonly networks: readonly { name: string; address: string; address6: string }[];
  readonly envNames: readonly string[];
  readonly command: readonly string[];
  readonly routes: readonly Route[];
  readonly refusals: readonly Refusal[];
}

/** Rates over the last `seconds`; `p50` and `p99` in milliseconds. */
export interface Traffic {
  readonly seconds: number;
  readonly items: readonly TrafficItem[];
}

export interface TrafficItem {
  readonly route: string;
  readonly host: string;
  readonly requestsPerSecond: number;
  readonly errorsPerSecond: number;
  readonly p50: number | null;
  readonly p99: number | null;
}

export interface RouteChange {
  readonly route: string;
  readonly host: string;
  readonly before: Route | null;
  readonly after: Route | null;
  readonly cause: LogEvent | null;
  /** Where it is older than what caused the change: that Portolan serves again. */
  readonly decided?: LogEvent;
}

export interface Diff {
  readonly from: { readonly position: number; readonly at: string | null } | null;
  readonly to: { readonly position: number; readonly at: string | null } | null;
  readonly added: readonly RouteChange[];
  readonly removed: readonly RouteChange[];
  readonly changed: readonly RouteChange[];
  readonly lastWorked?: { readonly position: number; readonly at: string } | string | null;
}

export interface Density {
  readonly from: string;
  readonly to: string;
  readonly buckets: readonly { readonly from: string; readonly to: string; readonly events: number }[];
}

export interface System {
  readonly version: string;
  readonly node: string;
  readonly startedAt: string;
  readonly engine: {
    readonly id: string | null;
    readonly name: string;
    readonly version: string;
    readonly connected: boolean;
    readonly since: string;
    readonly reason: string;
  };
  readonly trust: string;
  readonly log: {
    readonly position: number;
    readonly hash: string;
    readonly writable: boolean;
    readonly problem: string;
    readonly verified: (Verified & { readonly at: string }) | null;
  };
  readonly proxy: { readonly port: number };
  readonly workers: number;
  readonly drifts: number;
  readonly projections: readonly {
    readonly name: string;
    readonly position: number;
    readonly problem: string;
  }[];
  readonly problems: readonly string[];
}

export interface Verified {
  readonly valid: boolean;
  readonly checkedTo: number;
  /** Not there where the log is whole. */
  readonly firstBad?: { readonly position: number; readonly reason: string };
}

export interface LogFacts {
  readonly position: number;
  readonly hash: string;
  readonly firstPosition: number;
  readonly events: number;
  readonly bytes: number;
}

export interface Resolution {
  readonly status: number;
  readonly route?: { readonly id: string; readonly path: string };
  readonly targets: readonly Target[];
  readonly sentence: string;
  readonly steps?: readonly unknown[];
}

/** A container among those that had its name one after the other. */
export interface Incarnation {
  readonly container: string;
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  readonly createdAt: string;
  readonly from: string;
  readonly to: string | null;
  readonly openedBy: number;
  readonly closedBy: number | null;
  readonly opened: Through | null;
  readonly closed: Through | null;
  readonly changes: readonly ConfigurationChange[];
}

/** Who was behind it: an entry of the audit. */
export interface Through {
  readonly position: number;
  readonly actor: Actor;
  readonly action: string;
  readonly basis: AuditEntry['basis'];
}

export interface ConfigurationChange {
  readonly field: string;
  readonly before: string | null;
  readonly after: string | null;
}
