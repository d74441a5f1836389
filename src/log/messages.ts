/** What the main thread and the writer thread say to each other. */
import type { NewEvent } from '../events/event.ts';
import type { EventId } from '../events/ids.ts';
import type { LogUnusable, LogUnwritable, Snapshot } from './port.ts';

export type ToWriter =
  | {
      readonly kind: 'append';
      readonly call: number;
      readonly batch: readonly NewEvent[];
      readonly expectedHead: number;
      readonly now: number;
    }
  | { readonly kind: 'snapshot'; readonly call: number; readonly snapshot: Snapshot }
  | { readonly kind: 'close'; readonly call: number };

export interface WriterHead {
  readonly position: number;
  readonly hash: string;
  readonly recordedAt: number;
}

export type Answer =
  | {
      readonly kind: 'appended';
      readonly head: WriterHead;
      readonly recordedAt: number;
      /** Hex, one for each event of the batch. */
      readonly hashes: readonly string[];
    }
  | { readonly kind: 'conflict'; readonly head: WriterHead }
  | { readonly kind: 'repeated'; readonly ids: readonly EventId[] }
  | { readonly kind: 'done' }
  | {
      readonly kind: 'unwritable';
      readonly message: string;
      readonly code: LogUnwritable['code'];
      readonly hint: string;
    };

export type FromWriter =
  | { readonly kind: 'open'; readonly head: WriterHead }
  | {
      readonly kind: 'unusable';
      readonly message: string;
      readonly code: LogUnusable['code'];
      readonly hint: string;
    }
  | { readonly kind: 'answer'; readonly call: number; readonly answer: Answer };
