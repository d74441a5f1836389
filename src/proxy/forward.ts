/** Forwards one plain HTTP exchange: chooses the target, tries again where that is safe, passes the answer on. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Target } from '../events/decisions.ts';
import { targetKey } from '../routing/table.ts';
import type { AnswerHead } from './answer-head.ts';
import type { AnswerListener, Attempt, Failure, UpstreamRequest } from './attempt.ts';
import { BodyLimits, type BodyStatus } from './body-limits.ts';
import type { Copies } from './copies.ts';
import type { Counters } from './counters.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import { gaveNoUsableAnswer, refusesConnections, tookNoConnection, wasTooSlow } from './failure-sentences.ts';
import type { FieldNames } from './field-names.ts';
import type { Garbage } from './garbage.ts';
import type { Health } from './health.ts';
import { discardRest } from './linger.ts';
import type { ProxyLimits } from './messages.ts';
import { Reply } from './reply.ts';
import { Patience } from './start-grace.ts';
import type { UnreadClients } from './unread-clients.ts';
import type { Upstreams } from './upstreams.ts';

export type FailureStatus = 400 | BodyStatus | 502 | 503 | 504;

export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly request: UpstreamRequest;
  readonly record: ExchangeRecord;
  /** Eligible targets by preference, asked again before each try; empty once the route is down. */
  readonly targets: () => readonly Target[];
  /** Answers instead of the upstream; nothing has been sent to the client yet. */
  readonly fail: (status: FailureStatus, sentence: string) => void;
}

/** @returns the way to end it when the client's side turns out to be broken */
export type Forward = (exchange: Exchange) => () => void;

export interface ForwardDeps {
  readonly upstreams: Upstreams;
  readonly limits: ProxyLimits;
  readonly counters: Counters;
  readonly copies: Copies;
  readonly garbage: Garbage;
  readonly names: FieldNames;
  readonly now: () => number;
  /** Whether the table holds the target with this key. */
  readonly isCurrent: (key: string) => boolean;
  readonly health: Pick<Health, 'failed' | 'answered'>;
  readonly unread: UnreadClients;
  /** No file descriptor was left for a connection. */
  readonly onExhausted: (error: Error) => void;
}

export const createForward =
  (deps: ForwardDeps): Forward =>
  (exchange) => {
    const forwarding = new Forwarding(deps, exchange);
    forwarding.start();
    return () => forwarding.abort();
  };

/** One exchange under way. A class, as each request makes one. */
class Forwarding implements AnswerListener {
  readonly #deps: ForwardDeps;
  readonly #exchange: Exchange;
  readonly #reply: Reply;
  readonly #patience: Patience;
  #attempt: Attempt | null = null;
  /** The target that is being tried. */
  #target: Target | null = null;
  #tries = 0;
  #finished = false;
  #bodyStarted = false;
  /** Null until somebody reads it. */
  #body: BodyLimits | null = null;
  #pause: NodeJS.Timeout | null = null;
  /** Targets that refused the connection in this round; null for none. */
  #refused: Set<string> | null = null;
  /** A kept connection turned out to be closed: the next is a new one. */
  #fresh = false;

  constructor(deps: ForwardDeps, exchange: Exchange) {
    this.#deps = deps;
    this.#exchange = exchange;
    this.#patience = new Patience(deps.limits.startGrace, deps.now);
    this.#reply = new Reply(exchange, deps, () => this.#attempt?.resume());
  }

  start(): void {
    const { req, res, request } = this.#exchange;
    if (request.body !== null) this.#deps.unread.watch(req);
    // It comes once; `once` would cost a second closure, and taking it off.
    res.on('close', () => {
      if (res.writableFinished) this.#settle();
      else this.abort();
    });
    this.#try();
  }

  /** The client is gone, or what it sends cannot be read on. */
  abort(): void {
    this.#settle();
    this.#attempt?.abort();
  }

  sending(reused: boolean): void {
    this.#exchange.record.sending(reused);
    if (!reused && !this.#finished) this.#checkOwner();
  }

  bodyStarted(): void {
    this.#bodyStarted = true;
    const { req } = this.#exchange;
    this.#body ??= new BodyLimits(req, this.#deps.limits, (...why) => this.#giveUp(...why));
    this.#body.start();
  }

  bodyBytes(count: number): void {
    const { counters, garbage } = this.#deps;
    counters.bytes(count, 0);
    garbage.made(count);
    this.#exchange.record.bytesIn += count;
    this.#body?.bytes(count);
  }

  trailers(count: number): void {
    this.#body?.trailers(count);
  }

  proceed(): void {
    this.#reply.proceed();
  }

  information(head: AnswerHead): void {
    if (!this.#finished) this.#reply.information(head);
  }

  head(head: AnswerHead): void {
    if (this.#finished) return;
    this.#deps.health.answered(this.#target!);
    this.#reply.head(head);
  }

  whole(head: AnswerHead, body: string): void {
    if (this.#finished) return;
    this.#deps.health.answered(this.#target!);
    this.#reply.whole(head, body);
    this.#answered();
  }

  data(chunk: Buffer): boolean {
    return this.#finished || this.#reply.data(chunk);
  }

  end(rawTrailers: readonly string[]): void {
    if (this.#finished) return;
    try {
      this.#reply.end(rawTrailers);
    } catch {
      // Trailers that Node will not write: the rest has gone out, and its end must not seem whole.
      this.#reply.cut();
    }
    this.#answered();
  }

  failed(failure: Failure): void {
    this.#attempt = null;
    if (this.#finished) return;
    if (this.#reply.started) this.#reply.cut();
    else this.#recover(failure);
  }

  #answered(): void {
    this.#attempt = null;
    const { req, res } = this.#exchange;
    if (!req.complete) discardRest(req, res);
  }

  #try(): void {
    const targets = this.#exchange.targets();
    const refused = this.#refused;
    const target = refused === null ? targets[0] : targets.find((one) => !refused.has(targetKey(one)));
    if (target === undefined) {
      this.#waitOrFail(targets);
      return;
    }
    this.#target = target;
    this.#tries += 1;
    this.#exchange.record.tried(target);
    const round = this.#tries;
    const attempt = this.#deps.upstreams.send(target, this.#exchange.request, this, this.#fresh);
    // It may have failed within the call, and another be under way.
    if (round === this.#tries && !this.#finished) this.#attempt = attempt;
  }

  /** What can safely be tried again is: nothing was sent, or nothing but a request that may be sent twice. */
  #recover(failure: Failure): void {
    const target = this.#target!;
    const code = codeOf(failure.error);
    if (code === 'EMFILE' || code === 'ENFILE') {
      this.#deps.onExhausted(failure.error);
      this.#fail(503, 'the proxy has no file descriptors left.');
    } else if (!failure.sent && !this.#bodyStarted) {
      this.#deps.health.failed(target);
      this.#refuse(targetKey(target));
      this.#countRetry();
      this.#patience.note(code);
      this.#try();
    } else if (this.#isStale(failure)) {
      this.#fresh = true;
      this.#countRetry();
      this.#try();
    } else if (code === 'UND_ERR_HEADERS_TIMEOUT') {
      this.#deps.health.failed(target);
      this.#fail(504, wasTooSlow(target, this.#deps.limits.firstByteTimeout));
    } else {
      this.#deps.health.failed(target);
      this.#fail(502, gaveNoUsableAnswer(target, failure.error));
    }
  }

  /** While the connection was made its target may have left, and another container may have its address by now. */
  #checkOwner(): void {
    const key = targetKey(this.#target!);
    if (this.#deps.isCurrent(key)) return;
    this.#attempt?.abort();
    this.#attempt = null;
    this.#refuse(key);
    this.#countRetry();
    // Not within the attempt's own call to us.
    this.#pause = setTimeout(() => this.#try(), 0);
  }

  #refuse(key: string): void {
    this.#refused ??= new Set();
    this.#refused.add(key);
  }

  #countRetry(): void {
    this.#deps.counters.retry();
    this.#exchange.record.retries += 1;
  }

  /** A kept connection that the upstream closed just as the request went out, which it can be given again. */
  #isStale({ error, reused, answered }: Failure): boolean {
    const { method, body } = this.#exchange.request;
    const closed = ['CLOSED', 'ECONNRESET', 'EPIPE'].includes(codeOf(error));
    return closed && reused && !answered && body === null && !this.#fresh && idempotent.has(method);
  }

  /** All targets refused. One that has just started may not accept yet; else there is nobody to ask. */
  #waitOrFail(targets: readonly Target[]): void {
    const last = targets[0];
    if (last === undefined) {
      this.#fail(503, '');
    } else if (this.#patience.isWorthWaiting(targets)) {
      this.#refused = null;
      this.#pause = setTimeout(() => this.#try(), this.#patience.pause);
    } else if (this.#patience.timedOut()) {
      this.#fail(504, tookNoConnection(last));
    } else {
      this.#fail(502, refusesConnections(last));
    }
  }

  /** The client's request will not be finished: neither is the upstream's. */
  #giveUp(status: BodyStatus, sentence: string): void {
    if (this.#finished) return;
    // Whoever sends so many fields is heard no further on this connection.
    if (status === 431) this.#exchange.res.shouldKeepAlive = false;
    this.#attempt?.abort();
    this.#attempt = null;
    if (this.#reply.started) this.#reply.cut();
    else this.#fail(status, sentence);
  }

  #fail(status: FailureStatus, sentence: string): void {
    this.#settle();
    this.#exchange.fail(status, sentence);
  }

  #settle(): void {
    this.#finished = true;
    this.#body?.end();
    if (this.#exchange.request.body !== null) this.#deps.unread.forget(this.#exchange.req);
    if (this.#pause !== null) clearTimeout(this.#pause);
  }
}

/** RFC 9110 9.2.2. */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

const codeOf = (error: unknown): string => String((error as { code?: unknown }).code ?? '');
