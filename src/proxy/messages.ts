/** What control and a proxy worker say to each other. */
import type { Arrival, TableDelta, TableSnapshot, Trust } from '../routing/table.ts';
import type { RouteTraffic } from './traffic.ts';

export interface ProxySettings {
  /** Addresses to listen on, e.g. `127.0.0.1` and `::1`. */
  readonly hosts: readonly string[];
  readonly port: number;
  readonly reusePort: boolean;
  /** CIDRs whose forwarding fields are believed. */
  readonly trustedProxies: readonly string[];
  readonly explain: 'local' | 'always' | 'never';
  /** Where the dashboard is, for error answers. */
  readonly apiUrl: string;
  readonly limits: ProxyLimits;
  /** The access log's file, `-` for standard output; null for none. */
  readonly accessLog: string | null;
}

/** Sizes in bytes, times in milliseconds; 0 is none. */
export interface ProxyLimits {
  readonly headerBytes: number;
  readonly headerCount: number;
  readonly bodyBytes: number;
  readonly headersTimeout: number;
  readonly idleTimeout: number;
  readonly connectTimeout: number;
  readonly firstByteTimeout: number;
  readonly connections: number;
  readonly connectionsPerClient: number;
  /** How long a connection to a port that does not accept yet is held and tried again after the container's start. */
  readonly startGrace: number;
  /** How long a request waits for the engine's first list, or for a container that is being started. */
  readonly holdTimeout: number;
}

export type ToWorker =
  | { readonly kind: 'table'; readonly table: TableSnapshot }
  | { readonly kind: 'delta'; readonly delta: TableDelta }
  | { readonly kind: 'trust'; readonly trust: Trust }
  | { readonly kind: 'arrival'; readonly arrival: Arrival }
  /** To be answered once no request is under way to these targets, or `patience` ms are over. */
  | {
      readonly kind: 'quiet';
      readonly id: number;
      readonly targets: readonly string[];
      readonly patience: number;
    }
  /** When a host was served last, as it was asked. */
  | { readonly kind: 'intervals'; readonly id: number; readonly intervals: readonly LastInterval[] }
  /** Stop listening, finish what runs, end what is left after `grace` ms; idle connections may be used for `idle` ms. */
  | { readonly kind: 'drain'; readonly grace: number; readonly idle: number };

export type FromWorker =
  | { readonly kind: 'listening'; readonly addresses: readonly { address: string; port: number }[] }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | {
      readonly kind: 'counters';
      readonly counters: ProxyCounters;
      readonly traffic: readonly RouteTraffic[];
    }
  /** Something that a person should know; null once it is over. */
  | { readonly kind: 'problem'; readonly problem: string | null }
  | { readonly kind: 'quiet'; readonly id: number }
  /** Asks when a host was served last. */
  | { readonly kind: 'intervals'; readonly id: number; readonly host: string }
  | { readonly kind: 'drained' };

/** A stretch in which a host was served. */
export interface LastInterval {
  /** RFC 3339; `to` is null while it lasts. */
  readonly from: string;
  readonly to: string | null;
  /** Names of containers. */
  readonly by: readonly string[];
  /** Why it ended, in a word; null while it lasts. */
  readonly reason: string | null;
}

/** Since the worker's start. */
export interface ProxyCounters {
  readonly requests: number;
  readonly upgrades: number;
  readonly open: number;
  /** Answers by status class, `1xx` to `5xx`. */
  readonly answers: Readonly<Record<string, number>>;
  /** Answers of the proxy's own by status. */
  readonly own: Readonly<Record<string, number>>;
  /** Upstream attempts that were made again. */
  readonly retries: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}
