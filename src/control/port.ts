/** What the API may ask of control. */
import type { CreateParameters, PullProgress } from '../docker/engine.ts';
import type { CommandKind } from '../events/commands.ts';
import type { Actor, Event } from '../events/event.ts';
import type { CommandId, ContainerId, EngineId, Position } from '../events/ids.ts';
import type { ExpectedHead, Verification } from '../log/verify.ts';
import type { Trust } from '../routing/table.ts';
import type { PolicyChanges } from './what-if.ts';

export type Command =
  | { readonly kind: 'create'; readonly parameters: CreateParameters }
  | { readonly kind: 'start' | 'pause' | 'unpause'; readonly container: string }
  | { readonly kind: 'stop' | 'restart'; readonly container: string; readonly timeout?: number | undefined }
  | { readonly kind: 'kill'; readonly container: string; readonly signal?: string | undefined }
  | {
      readonly kind: 'remove';
      readonly container: string;
      readonly force?: boolean | undefined;
      readonly volumes?: boolean | undefined;
    };

export interface CommandOptions {
  /** The `Idempotency-Key` field: a repeat gives the first outcome and does nothing. */
  readonly idempotencyKey?: string | undefined;
  readonly onProgress?: ((progress: PullProgress) => void) | undefined;
}

export interface CommandOutcome {
  readonly command: CommandId;
  readonly kind: CommandKind;
  readonly container: ContainerId | null;
  /** Position of `CommandSucceeded`. */
  readonly position: Position;
  readonly warnings: readonly string[];
}

export interface CommandPort {
  /**
   * Records the request durably, asks the engine, records the outcome.
   * Throws `EngineError` (recorded as failed) or `LogUnwritable` (nothing was asked of the engine).
   */
  execute(command: Command, actor: Actor, options: CommandOptions): Promise<CommandOutcome>;
  /** Counts a refused call; they are recorded together, at most once a minute for each reason. */
  refused(reason: string): void;
}

export interface EngineState {
  readonly id: EngineId | null;
  readonly connected: boolean;
  /** Milliseconds since the epoch of the last change. */
  readonly since: number;
  readonly name: string;
  readonly version: string;
  /** Why it is away; empty while connected. */
  readonly reason: string;
}

export interface LogState {
  readonly position: Position;
  readonly hash: string;
  readonly writable: boolean;
  /** One line with the way out; empty while writable. */
  readonly problem: string;
}

/** The live side of the system, for `/system`, `/readyz` and streams. */
export interface StatusPort {
  engine(): EngineState;
  log(): LogState;
  trust(): Trust;
  /** Drifts that a periodic list repaired since the start. */
  drifts(): number;
  /** Problems of the moment, each one line (a projection that stopped, events that no longer parse). */
  problems(): readonly string[];
  /** Calls back after each commit, in order; returns the way to end it. */
  subscribe(listener: (events: readonly Event[]) => void): () => void;
}

export type ReplayMode = 'rebuild' | 'compare' | 'what-if';

export interface ReplayTask {
  readonly mode: ReplayMode;
  /** Position, inclusive; of `what-if` only. */
  readonly until?: number | undefined;
  readonly policy?: PolicyChanges | undefined;
}

export interface Replay {
  readonly id: string;
  readonly mode: ReplayMode;
  readonly state: 'running' | 'succeeded' | 'failed' | 'cancelled';
  readonly position: number;
  readonly head: number;
  readonly eventsPerSecond: number;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly finishedAt?: string;
  /** What a `what-if` was asked. */
  readonly until?: number;
  readonly policy?: PolicyChanges;
  readonly error?: string;
  readonly result?: unknown;
}

/** Jobs that fold the log again. */
export interface JobPort {
  /** @throws {JobRefused} one is running */
  start(task: ReplayTask): Replay;
  list(): readonly Replay[];
  get(id: string): Replay | null;
  /** @returns null if there is none */
  cancel(id: string): Promise<Replay | null>;
  /** Calls back on each change; returns the way to end it. */
  subscribe(id: string, listener: (replay: Replay) => void): () => void;
  /** Resolves with what was found. @throws {JobRefused} one is running @throws {Error} it failed */
  verify(expectHead?: ExpectedHead): Promise<Verification>;
  /** What the last verification since the start found, and when (RFC 3339); null if there was none. */
  verified(): (Verification & { readonly at: string }) | null;
}
