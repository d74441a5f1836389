/** One connection to an upstream, kept between requests, with one request on it at a time. */
import type { Target } from '../events/decisions.ts';
import type { AnswerHead } from './answer-head.ts';
import { type AnswerParser, type AnswerParts, createAnswerParser } from './answer-parser.ts';
import type { AnswerListener, Attempt, UpstreamRequest } from './attempt.ts';
import type { FieldNames } from './field-names.ts';
import type { ProxyLimits } from './messages.ts';
import { isChunked, requestHead } from './request-head.ts';
import { Upload } from './upload.ts';
import { UpstreamSocket } from './upstream-socket.ts';

export interface LinkDeps {
  readonly limits: ProxyLimits;
  readonly names: FieldNames;
  /** What all connections of a thread are read into, one after the other. */
  readonly memory: Buffer;
  /** The answer is whole, and the connection is fit for another request. */
  readonly onIdle: (link: Link, idleFor: number) => void;
  /** It is closed; told once. */
  readonly onGone: (link: Link) => void;
}

/** Milliseconds: shorter than what common servers allow, so that they seldom close just as a request goes out. */
const keptIdle = 4_000;
const mostKeptIdle = 30_000;
/** How much sooner we close than the upstream says that it will. */
const margin = 2_000;

const failure = (code: string, message: string): Error => Object.assign(new Error(message), { code });

/** A class, as its fields change with each request. */
export class Link implements AnswerParts {
  readonly #deps: LinkDeps;
  readonly #socket: UpstreamSocket;
  readonly #parser: AnswerParser;
  #connecting: NodeJS.Timeout | null = null;
  /** Made once, and set anew for each request. */
  #waiting: NodeJS.Timeout | null = null;
  #exchange: LinkExchange | null = null;
  #connected = false;
  #gone = false;
  #served = 0;
  /** While it waits for a request: the moment from which on it is given none. */
  idleUntil = 0;

  constructor(target: Target, deps: LinkDeps) {
    this.#deps = deps;
    this.#parser = createAnswerParser(deps.names, this);
    const onread = { buffer: deps.memory, callback: (size: number) => this.#read(size) };
    const { address: host, port } = target;
    this.#socket = new UpstreamSocket({ noDelay: true, onread })
      .on('connect', () => this.#onConnect())
      .on('end', () => this.#onEnd())
      .on('error', (error) => this.destroy(error))
      .on('close', () => this.destroy(failure('CLOSED', 'it closed the connection')));
    this.#socket.onBroken = () => this.#readLeft();
    this.#socket.connect({ host, port });
    const { connectTimeout } = deps.limits;
    const late = (): void => this.destroy(failure('UND_ERR_CONNECT_TIMEOUT', 'no connection in time'));
    if (connectTimeout > 0) this.#connecting = setTimeout(late, connectTimeout);
  }

  get isGone(): boolean {
    return this.#gone;
  }

  send(request: UpstreamRequest, listener: AnswerListener): Attempt {
    const exchange = new LinkExchange(this, request, listener);
    this.#exchange = exchange;
    if (this.#connected) this.#write(exchange);
    return exchange;
  }

  /** Ends it; what is under way fails. */
  destroy(error: Error): void {
    const exchange = this.#exchange;
    this.#close();
    exchange?.failed(error);
  }

  /** Ends it; nothing is told of what is under way. */
  abort(exchange: LinkExchange): void {
    if (this.#exchange === exchange) this.#close();
  }

  resume(exchange: LinkExchange): void {
    if (this.#exchange === exchange) this.#socket.resume();
  }

  information(head: AnswerHead): void {
    const exchange = this.#exchange;
    // A sign of life; how many there may be is bounded.
    this.#waiting?.refresh();
    if (head.status !== 100) exchange?.listener.information(head);
    // One that nobody waits for is noise.
    else if (exchange?.request.expectsContinue) exchange.listener.proceed();
  }

  head(head: AnswerHead): void {
    if (this.#exchange === null) return;
    this.#exchange.answer = head;
    this.#exchange.listener.head(head);
  }

  data(bytes: Buffer): void {
    // The listener may have ended it at the part before.
    if (this.#exchange !== null && !this.#exchange.listener.data(bytes)) this.#socket.pause();
  }

  whole(head: AnswerHead, body: string, clean: boolean): void {
    const exchange = this.#exchange;
    if (exchange === null) return;
    exchange.listener.whole(head, body);
    this.#finish(exchange, head, clean);
  }

  end(rawTrailers: readonly string[], clean: boolean): void {
    const exchange = this.#exchange;
    if (exchange === null) return;
    exchange.listener.end(rawTrailers);
    this.#finish(exchange, exchange.answer!, clean);
  }

  /** @param clean nothing came after the answer */
  #finish(exchange: LinkExchange, { persistent, idle }: AnswerHead, clean: boolean): void {
    // The listener may have aborted.
    if (this.#exchange !== exchange) return;
    const idleFor = idle === null ? keptIdle : Math.min(idle * 1_000 - margin, mostKeptIdle);
    if (
      !clean ||
      !persistent ||
      idleFor <= 0 ||
      exchange.isUploading ||
      // Broken: this answer is what was left of it.
      this.#socket.destroyed ||
      isOftenOverlooked(exchange.request)
    ) {
      this.#close();
      return;
    }
    this.#exchange = null;
    if (this.#socket.isPaused()) this.#socket.resume();
    this.#deps.onIdle(this, idleFor);
  }

  #onConnect(): void {
    if (this.#connecting !== null) clearTimeout(this.#connecting);
    this.#connected = true;
    if (this.#exchange !== null) this.#write(this.#exchange);
  }

  #write(exchange: LinkExchange): void {
    const { request } = exchange;
    exchange.sent = true;
    exchange.reused = this.#served > 0;
    this.#served += 1;
    exchange.listener.sending(exchange.reused);
    // The listener may have ended it.
    if (this.#exchange !== exchange) return;
    this.#parser.expect(request.method);
    this.#awaitAnswer();
    const head = requestHead(request);
    if (request.body === null) this.#socket.write(head, 'latin1');
    else this.#writeBody(exchange, head);
  }

  #writeBody(exchange: LinkExchange, head: string): void {
    const { body, headers } = exchange.request;
    // All that this turn of the loop brings of the body goes out with the head, in one write.
    this.#socket.cork();
    const turnEnd = setImmediate(() => {
      exchange.upload?.flush();
      this.#socket.uncork();
    });
    this.#socket.write(head, 'latin1');
    const ends = {
      onDone: () => {
        exchange.upload = null;
        // Only from now on it can be late with its answer.
        this.#waiting?.refresh();
        clearImmediate(turnEnd);
        this.#socket.uncork();
      },
      onError: (error: Error) => this.destroy(error),
    };
    const { names } = this.#deps;
    exchange.upload = new Upload(body!, this.#socket, isChunked(headers), exchange.listener, names, ends);
    exchange.upload.start();
  }

  #awaitAnswer(): void {
    const { firstByteTimeout } = this.#deps.limits;
    if (firstByteTimeout === 0) return;
    if (this.#waiting !== null) this.#waiting.refresh();
    else this.#waiting = setTimeout(() => this.#onLate(), firstByteTimeout).unref();
  }

  #onLate(): void {
    const exchange = this.#exchange;
    // One that began its head, or said something before it, has not answered yet.
    if (exchange === null || exchange.answer !== null) return;
    // Until the request is whole, its answer is not late; a client that stops is looked after elsewhere.
    if (exchange.upload?.wasTaken()) this.#waiting?.refresh();
    else this.destroy(failure('UND_ERR_HEADERS_TIMEOUT', 'no answer in time'));
  }

  /** @returns whether to read on */
  #read(size: number): boolean {
    const exchange = this.#exchange;
    if (exchange !== null) exchange.answered = true;
    try {
      this.#parser.read(this.#deps.memory.subarray(0, size));
    } catch (error) {
      this.destroy(error as Error);
    }
    return true;
  }

  /** It may have answered without wanting the rest of the body. What has none is better sent again. */
  #readLeft(): void {
    while (this.#exchange !== null && this.#exchange.request.body !== null) {
      const size = this.#socket.readLeft(this.#deps.memory);
      if (size === 0) return;
      this.#read(size);
    }
  }

  #onEnd(): void {
    try {
      this.#parser.readEnd();
      this.destroy(failure('CLOSED', 'it closed the connection'));
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  #close(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#exchange?.upload?.stop();
    this.#exchange = null;
    if (this.#connecting !== null) clearTimeout(this.#connecting);
    if (this.#waiting !== null) clearTimeout(this.#waiting);
    this.#socket.destroy();
    this.#deps.onGone(this);
  }
}

/**
 * A body of a method that has none by definition: a careless server reads it as the next request, and its answer to that
 * would be the next client's.
 */
const isOftenOverlooked = ({ body, method }: UpstreamRequest): boolean =>
  body !== null && method !== 'POST' && method !== 'PUT' && method !== 'PATCH';

/** One request on a connection. A class, as each request makes one. */
class LinkExchange implements Attempt {
  readonly request: UpstreamRequest;
  readonly listener: AnswerListener;
  answer: AnswerHead | null = null;
  /** While the body is under way. */
  upload: Upload | null = null;
  sent = false;
  reused = false;
  answered = false;
  readonly #link: Link;

  constructor(link: Link, request: UpstreamRequest, listener: AnswerListener) {
    this.#link = link;
    this.request = request;
    this.listener = listener;
  }

  get isUploading(): boolean {
    return this.upload !== null;
  }

  failed(error: Error): void {
    const { sent, reused, answered } = this;
    this.listener.failed({ error, sent, reused, answered });
  }

  abort(): void {
    this.#link.abort(this);
  }

  resume(): void {
    this.#link.resume(this);
  }
}
