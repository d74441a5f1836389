/** What the rest of Portolan may know of a Docker engine: its signals and observations in, commands and views out. */
import type { Reach } from '../events/decisions.ts';
import type { ContainerId, EngineId } from '../events/ids.ts';
import type { ContainerObservation } from '../events/observations.ts';
import type { Claimed, SignalType } from '../events/signals.ts';

export interface EngineInfo {
  readonly id: EngineId;
  readonly name: string;
  readonly version: string;
  readonly apiVersion: string;
  readonly operatingSystem: string;
  readonly rootless: boolean;
}

/** One event of the engine's stream that is worth recording. */
export interface Signal {
  readonly type: SignalType;
  /** The engine's `timeNano`, exact. */
  readonly timeNano: bigint;
  readonly kind: string;
  readonly action: string;
  readonly container: ContainerId;
  readonly claimed: Claimed;
  /** Those of the container's labels that say where it is to be routed. Not for the log. */
  readonly labels: Readonly<Record<string, string>>;
  /** Hex SHA-256 over all attributes as they came; only for the idempotency key. */
  readonly attributeDigest: string;
}

/** What an inspection found. */
export type Sighting =
  | { readonly kind: 'observed'; readonly observation: ContainerObservation }
  | { readonly kind: 'lost'; readonly container: ContainerId; readonly reason: 'destroyed' | 'not-found' };

/** What led to an inspection: the signal of that container, or a list that was held against what is known. */
export type SightingCause = 'signal' | 'list';

export interface Gap {
  /** Nanoseconds on the engine's clock; null if nothing was seen before. */
  readonly from: bigint | null;
  readonly to: bigint;
  readonly reason: 'memory-too-short' | 'engine-restarted' | 'stream-interrupted';
}

/** What control knows of a container, for holding a list against it. */
export interface KnownContainer {
  readonly name: string;
  readonly status: string;
  readonly health: string;
  readonly startedAt: string | null;
  /** Network name to IPv4 address. */
  readonly addresses: ReadonlyMap<string, string>;
}

/** Where the watcher delivers, in the order in which things arrived. Implemented by control; never throws. */
/** Where Portolan stands, seen from an engine. */
export interface Placement {
  /** How the engine's containers are reached from here. */
  readonly reach: Reach;
  /** Null outside of the engine's containers. */
  readonly ownContainer: ContainerId | null;
}

export interface EngineSink {
  /** After the subscription stands and the engine has told who it is; before any signal of this connection. */
  connected(info: EngineInfo, placement: Placement): void;
  lost(reason: string): void;
  /** @param inspected resolves when what the container is like after it has been delivered, or will not be for a while */
  signal(engine: EngineId, signal: Signal, inspected: Promise<void>): void;
  sighting(engine: EngineId, sighting: Sighting, cause: SightingCause): void;
  gap(engine: EngineId, gap: Gap): void;
  /** A list has come, and all that it shows otherwise than known has been delivered: the rest has the addresses that are known. */
  confirmed(engine: EngineId): void;
  /** All that the list named has been inspected and delivered, too. */
  caughtUp(engine: EngineId): void;
  /** A periodic list found drifts that no signal announced; normally never. */
  drift(count: number): void;
  /** What the log knows of an engine's containers, to compare a list with. */
  known(engine: EngineId): ReadonlyMap<ContainerId, KnownContainer>;
}

/** How far the stream is known, kept outside the log across restarts. */
export interface LastSeen {
  readonly engine: EngineId;
  /** Of the last event that arrived, of any type; before the first one, since when the engine is followed. */
  readonly timeNano: bigint;
  /** Whether `timeNano` is that of an event. */
  readonly arrived: boolean;
}

/** Follows an engine for ever. */
export interface EngineWatcher {
  /** Begins to connect; returns at once. `lastSeen` resumes the history where the run before stopped. */
  start(sink: EngineSink, lastSeen: LastSeen | null): void;
  /** Resolves with true once the first attempt to reach the engine has ended well, false if it failed. */
  readonly firstAttempt: Promise<boolean>;
  lastSeen(): LastSeen | null;
  /** Lists and inspects everything again now, e.g. after a recording gap. */
  reconcile(): void;
  stop(): Promise<void>;
}

export interface CreateParameters {
  readonly image: string;
  readonly name?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly cmd?: readonly string[] | undefined;
  readonly network?: string | undefined;
  readonly pull: 'missing' | 'always' | 'never';
  readonly start: boolean;
}

/** A line of a pull's progress, as the engine reports it. */
export interface PullProgress {
  readonly id?: string | undefined;
  readonly status: string;
  readonly current?: number | undefined;
  readonly total?: number | undefined;
}

/**
 * Changes containers. Each call resolves when the engine has answered and throws `EngineError` otherwise
 * (`status` of the engine's answer, or 503 if it cannot be reached). Uses connections of its own.
 */
export interface EngineCommands {
  /** Pulls as told, creates and (if asked) starts; the label `portolan.command-id` carries `commandId`. */
  create(
    parameters: CreateParameters,
    commandId: string,
    onProgress: (progress: PullProgress) => void,
  ): Promise<{ id: ContainerId; warnings: string[] }>;
  start(id: string): Promise<void>;
  stop(id: string, options: { timeout?: number | undefined }): Promise<void>;
  restart(id: string, options: { timeout?: number | undefined }): Promise<void>;
  pause(id: string): Promise<void>;
  unpause(id: string): Promise<void>;
  kill(id: string, options: { signal?: string | undefined }): Promise<void>;
  remove(id: string, options: { force?: boolean | undefined; volumes?: boolean | undefined }): Promise<void>;
}

/** A container as the engine has it now, safe to show: no env values. */
export interface ContainerView {
  readonly id: ContainerId;
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
  readonly networks: readonly {
    name: string;
    address: string;
    address6: string;
    /** Of the network; absent for `bridge`. */
    driver?: string | undefined;
  }[];
  readonly envNames: readonly string[];
  readonly command: readonly string[];
}

export interface LogLine {
  readonly stream: 'stdout' | 'stderr';
  readonly line: string;
}

export interface ContainerName {
  readonly id: ContainerId;
  readonly name: string;
}

/** Reads containers for people. Same errors as `EngineCommands`. */
export interface EngineReader {
  /** All containers, in the engine's order. */
  names(): Promise<readonly ContainerName[]>;
  /** Inspects each, many at once but bounded; without those that are gone by now. */
  views(ids: readonly string[]): Promise<ContainerView[]>;
  inspect(id: string): Promise<ContainerView>;
  /** Calls back line by line until `signal` aborts or the container ends (with `follow`). */
  logs(
    id: string,
    options: { tail: number; follow: boolean; signal: AbortSignal },
    onLine: (line: LogLine) => void,
  ): Promise<void>;
  /** One sample a second in the Docker API's shape (`GET /containers/{id}/stats`), until `signal` aborts. */
  stats(id: string, signal: AbortSignal, onSample: (sample: Record<string, unknown>) => void): Promise<void>;
}

/** An engine's refusal or absence. `message` is the engine's own, redacted. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  /** HTTP status of the engine's answer; 503 if it cannot be reached, 504 if it did not answer in time. */
  readonly status: number;
  readonly hint: string;
  constructor(message: string, status: number, hint = '') {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}
