/** What the main thread and the writer thread say to each other. */
import type { EventId } from '../events/ids.ts';
import type { EncodedEvent } from './encode.ts';
import type { LogUnusable, LogUnwritable, Snapshot } from './port.ts';

/** Given to the thread when it starts. */
export interface WriterData {
  readonly dataDir: string;
  /** One number, raised and rung with each message: the thread sleeps on it. */
  readonly bell: Int32Array<SharedArrayBuffer>;
}

export type Call =
  | {
      readonly kind: 'append';
      readonly batch: readonly EncodedEvent[];
      readonly expectedHead: number;
      readonly now: number;
    }
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly kind: 'close' };

export interface WriterHead {
  readonly position: number;
  readonly hash: string;
  readonly recordedAt: number;
}

export type Answer =
  /** `hashes`: of the batch's events, hex, joined without separator. */
  | { readonly kind: 'appended'; readonly head: WriterHead; readonly hashes: string }
  | { readonly kind: 'conflict'; readonly head: WriterHead }
  | { readonly kind: 'repeated'; readonly ids: readonly EventId[] }
  | { readonly kind: 'done' }
  /** A defect of ours: nothing of what was called is in the log, which can be written as before. */
  | { readonly kind: 'failed'; readonly error: unknown }
  | {
      readonly kind: 'unwritable';
      readonly message: string;
      readonly code: LogUnwritable['code'];
      readonly hint: string;
    };

/** After these, answers come in the order of the calls. */
export type Opening =
  | { readonly kind: 'open'; readonly head: WriterHead }
  | {
      readonly kind: 'unusable';
      readonly message: string;
      readonly code: LogUnusable['code'];
      readonly hint: string;
    };
