/** One attempt to have an upstream answer a request, and how its answer is told. */
import type { IncomingMessage } from 'node:http';
import type { AnswerHead } from './answer-head.ts';

/** What is asked of an upstream. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query as the client sent them, or `*`. */
  readonly path: string;
  /** Names and values in turn, with `Host` and `Content-Length`. */
  readonly headers: string[];
  /** Where the body comes from; null for none. */
  readonly body: IncomingMessage | null;
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
}

/** Told in this order, at most once each but for `information` and `data`; after `end` or `failed` nothing more. */
export interface AnswerListener {
  /** There is a connection, and the request is being written. @param reused it had served before */
  sending(reused: boolean): void;
  /** Somebody began to read the body: from here on the request cannot be sent again. */
  bodyStarted(): void;
  bodyBytes(count: number): void;
  /** So many fields come after it. */
  trailers(count: number): void;
  /** The upstream asks for the body (100). */
  proceed(): void;
  information(head: AnswerHead): void;
  /** @throws what cannot be passed on; the attempt is then ended, and `failed` told */
  head(head: AnswerHead): void;
  /** Head, body and end in one. @param body as latin1 @throws as `head` */
  whole(head: AnswerHead, body: string): void;
  /** @param chunk memory that is used again after the call @returns false to be told no more until `resume` */
  data(chunk: Buffer): boolean;
  end(rawTrailers: readonly string[]): void;
  failed(failure: Failure): void;
}

export interface Failure {
  readonly error: Error;
  /** The request may have reached the upstream, in whole or in part. */
  readonly sent: boolean;
  /** On a connection that had served before, which the upstream may have been closing just then. */
  readonly reused: boolean;
  /** A byte of an answer came. */
  readonly answered: boolean;
}

export interface Attempt {
  /** Ends it and its connection at once; nothing more is told. */
  abort(): void;
  resume(): void;
}
