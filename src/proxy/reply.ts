/** Writes an upstream's answer to the client: head at once, body as it comes, an end only where there was one. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnswerHead } from './answer-head.ts';
import type { Copies } from './copies.ts';
import type { Counters } from './counters.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import type { FieldNames } from './field-names.ts';
import { responseHeaders, trailerFields } from './headers.ts';
import { resetNow } from './reset.ts';
import { reasonOf } from './response-check.ts';
import { bindingCookie } from './sticky.ts';
import { askNowAndThen } from './vanished.ts';

/** For 1xx. */
const bare = { length: false, trailer: false, requestId: null };

export interface ReplyDeps {
  readonly names: FieldNames;
  readonly counters: Counters;
  readonly copies: Copies;
}

/** The client's side of an exchange. */
export interface ReplyTo {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly record: ExchangeRecord;
}

/** A class, as each request makes one. */
export class Reply {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #record: ExchangeRecord;
  readonly #deps: ReplyDeps;
  readonly #onDrain: () => void;
  /** Bytes that are still to come; null where the length is not known. */
  #left: number | null = null;
  #chunked = false;
  #written = false;
  /** `onDrain` is to be called. */
  #full = false;

  /** @param onDrain the client takes more, after `data` gave false */
  constructor({ req, res, record }: ReplyTo, deps: ReplyDeps, onDrain: () => void) {
    this.#req = req;
    this.#res = res;
    this.#record = record;
    this.#deps = deps;
    this.#onDrain = onDrain;
  }

  get started(): boolean {
    return this.#res.headersSent;
  }

  proceed(): void {
    if (this.#speaks11() && !this.#res.headersSent) this.#res.writeContinue();
  }

  /** @throws {BadResponse} or what Node says of fields that it will not write */
  information({ status, fields }: AnswerHead): void {
    // HTTP/1.0 knows no 1xx (RFC 9110 15.2).
    if (!this.#speaks11() || this.#res.headersSent) return;
    this.#res.writeInformation(status, responseHeaders(fields, this.#deps.names, bare));
  }

  /** @throws what Node says of fields that it will not write */
  head(head: AnswerHead): void {
    this.#writeHead(head);
    askNowAndThen(this.#req.socket);
    if (this.#left === null && !this.#chunked) this.#cutIfHalfClosed();
    // At once, as a stream of events may send its first byte much later; but a body that came along goes in the same write.
    queueMicrotask(() => {
      // Not by `flushHeaders`, which writes them in UTF-8: bytes from 0x80 on would become two.
      if (!this.#written && !this.#res.destroyed) this.#res.write('', 'latin1');
    });
  }

  /** HTTP/1.0, where only the connection's end tells that all has come: Node ends it as soon as the client has closed its half. */
  #cutIfHalfClosed(): void {
    this.#req.socket.prependListener('end', () => {
      if (!this.#res.writableEnded) this.cut();
    });
  }

  /** @throws as `head` */
  whole(head: AnswerHead, body: string): void {
    this.#writeHead(head);
    this.#written = true;
    this.#deps.counters.bytes(0, body.length);
    this.#record.bytesOut += body.length;
    this.#res.end(body, 'latin1');
  }

  #writeHead(head: AnswerHead): void {
    const { status, reason, length } = head;
    const record = this.#record;
    const empty = this.#req.method === 'HEAD' || status === 204 || status === 304;
    this.#left = empty ? null : length;
    this.#chunked = !empty && length === null && this.#speaks11();
    const cookie = bindingCookie(record.route, record.target, this.#req.headers.cookie);
    const fields = cookie === null ? this.#fields(head) : [...this.#fields(head), 'Set-Cookie', cookie];
    this.#res.writeHead(status, reasonOf(status, reason), fields as string[]);
    this.#deps.counters.passed(status);
    record.answered(status);
  }

  #fields(head: AnswerHead): readonly string[] {
    const { status, fields } = head;
    const { requestId } = this.#record;
    const framing = { length: status !== 204, trailer: this.#chunked, requestId };
    if (requestId !== null || this.#chunked) return responseHeaders(fields, this.#deps.names, framing);
    head.forClient ??= responseHeaders(fields, this.#deps.names, framing);
    return head.forClient;
  }

  /** @returns false if the client does not keep up */
  data(bytes: Buffer): boolean {
    this.#written = true;
    const { copies } = this.#deps;
    const chunk = copies.of(bytes);
    const sent = (): void => copies.done(chunk);
    this.#deps.counters.bytes(0, chunk.length);
    this.#record.bytesOut += chunk.length;
    if (this.#left !== null) {
      this.#left -= chunk.length;
      if (this.#left === 0) {
        this.#res.end(chunk, sent);
        return true;
      }
    }
    if (this.#res.write(chunk, sent)) return true;
    this.#waitForDrain();
    return false;
  }

  end(rawTrailers: readonly string[]): void {
    this.#written = true;
    if (this.#res.writableEnded) return;
    const trailers = this.#chunked ? trailerFields(rawTrailers, this.#deps.names) : [];
    if (trailers.length > 0) this.#res.addTrailers(trailers);
    this.#res.end();
  }

  /** The answer will not be whole: a clean end would pass a part for it (RFC 9112 8). */
  cut(): void {
    this.#record.cut = true;
    resetNow(this.#req.socket);
  }

  /** Once, though what was read already goes on coming. */
  #waitForDrain(): void {
    if (this.#full) return;
    this.#full = true;
    this.#res.once('drain', () => {
      this.#full = false;
      this.#onDrain();
    });
  }

  #speaks11(): boolean {
    return this.#req.httpVersion === '1.1';
  }
}
