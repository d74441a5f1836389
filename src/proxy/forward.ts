/** Forwards one plain HTTP exchange to an upstream and its answer back, byte by byte, with backpressure both ways. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Target } from '../events/decisions.ts';
import { targetKey } from '../routing/table.ts';
import type { Counters } from './counters.ts';
import { responseHeaders } from './headers.ts';
import type { ProxyLimits } from './messages.ts';
import { RequestBody } from './request-body.ts';
import type { Upstreams } from './upstreams.ts';

export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Path and query as the client sent them. */
  readonly path: string;
  /** Names and values in turn, with `Host` and framing. */
  readonly headers: string[];
  readonly hasBody: boolean;
  readonly expectsContinue: boolean;
  /** Eligible targets by preference, asked again before each try; empty once the route is down. */
  readonly targets: () => readonly Target[];
  /** Answers instead of the upstream; nothing has been sent to the client yet. */
  readonly fail: (status: 502 | 503 | 504, sentence: string) => void;
}

export type Forward = (exchange: Exchange) => void;

export interface ForwardDeps {
  readonly upstreams: Upstreams;
  readonly limits: ProxyLimits;
  readonly counters: Counters;
  readonly now: () => number;
}

/** Milliseconds between two tries at a port that does not accept yet. */
const retryPause = 50;

export const createForward =
  (deps: ForwardDeps): Forward =>
  (exchange) =>
    new Forwarding(deps, exchange).start();

/** One exchange under way. A class, as each request makes one. */
class Forwarding implements Dispatcher.DispatchHandler {
  readonly #deps: ForwardDeps;
  readonly #exchange: Exchange;
  /** The target that is being tried. */
  #target: Target | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  #body: RequestBody | null = null;
  #bodyStarted = false;
  #responded = false;
  #finished = false;
  #clientGone = false;
  /** Targets that refused the connection in this round. */
  #refused = new Set<string>();
  #resent = false;
  /** Whether the client gets chunks, and so may get trailers. */
  #chunked = false;

  constructor(deps: ForwardDeps, exchange: Exchange) {
    this.#deps = deps;
    this.#exchange = exchange;
  }

  start(): void {
    const { res } = this.#exchange;
    res.on('close', () => {
      if (res.writableFinished) return;
      this.#clientGone = true;
      this.#abort('the client went away');
    });
    this.#try();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#clientGone) controller.abort(new Error('the client went away'));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _: unknown, message = ''): void {
    const { res, req } = this.#exchange;
    const raw = textOf(controller.rawHeaders);
    try {
      if (status < 200) {
        this.#inform(status, raw);
        return;
      }
      this.#responded = true;
      res.sendDate = false;
      if (req.httpVersion === '1.0') res.shouldKeepAlive = false;
      res.writeHead(status, reasonOf(status, message), responseHeaders(raw));
      this.#chunked = req.httpVersion === '1.1' && !raw.some((name, at) => at % 2 === 0 && isLength(name));
      // Head at once: a stream of events may send its first byte much later.
      res.flushHeaders();
      this.#deps.counters.passed(status);
    } catch (error) {
      this.#responded = res.headersSent;
      controller.abort(error instanceof Error ? error : new Error('the response head cannot be passed on'));
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { res } = this.#exchange;
    this.#deps.counters.bytes(0, chunk.length);
    if (res.write(chunk)) return;
    controller.pause();
    res.once('drain', () => controller.resume());
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const { res, req } = this.#exchange;
    this.#finished = true;
    const trailers = trailersOf(controller.rawTrailers);
    if (trailers.length > 0 && this.#chunked) res.addTrailers(trailers);
    res.end();
    if (!req.complete) discardRest(req);
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#controller = null;
    if (this.#clientGone || this.#finished) return;
    if (this.#responded) {
      // A clean end would pass a part for the whole (RFC 9112 8).
      this.#exchange.req.socket.resetAndDestroy();
      return;
    }
    this.#recover(error);
  }

  #try(): void {
    const targets = this.#exchange.targets();
    const target = targets.find((one) => !this.#refused.has(targetKey(one)));
    if (target === undefined) {
      this.#waitOrFail(targets);
      return;
    }
    this.#target = target;
    const { req, path, headers, hasBody } = this.#exchange;
    this.#body = hasBody ? new RequestBody(req, this.#watch) : null;
    const options = {
      path,
      method: (req.method ?? 'GET') as Dispatcher.HttpMethod,
      headers,
      body: this.#body,
    };
    try {
      this.#deps.upstreams.pool(target).dispatch(options, this);
    } catch (error) {
      this.#fail(502, `the request cannot be passed on (${messageOf(error)})`);
    }
  }

  readonly #watch = {
    onStart: (): void => {
      this.#bodyStarted = true;
      const { req, res, expectsContinue } = this.#exchange;
      if (expectsContinue && req.httpVersion === '1.1' && !res.headersSent) res.writeContinue();
    },
    onBytes: (count: number): void => this.#deps.counters.bytes(count, 0),
  };

  /** What can safely be tried again is: nothing was sent, or nothing but a request that may be sent twice. */
  #recover(error: Error): void {
    const target = this.#target!;
    if (isConnectFailure(error) && !this.#bodyStarted) {
      this.#refused.add(targetKey(target));
      this.#deps.counters.retry();
      this.#try();
      return;
    }
    if (isStaleConnection(error) && this.#isIdempotent() && !this.#bodyStarted && !this.#resent) {
      this.#resent = true;
      this.#deps.counters.retry();
      this.#try();
      return;
    }
    const late = codeOf(error) === 'UND_ERR_HEADERS_TIMEOUT';
    if (late) this.#fail(504, `container ${target.name} did not answer in time.`);
    else
      this.#fail(
        502,
        `container ${target.name} ended the connection before it answered (${messageOf(error)}).`,
      );
  }

  /** All targets refused. One that has just started may not accept yet; else there is nobody to ask. */
  #waitOrFail(targets: readonly Target[]): void {
    const { startGrace } = this.#deps.limits;
    const young = targets.some((target) => this.#deps.now() - Date.parse(target.startedAt) < startGrace);
    if (young && !this.#clientGone) {
      this.#refused.clear();
      setTimeout(() => {
        if (!this.#clientGone) this.#try();
      }, retryPause);
      return;
    }
    const last = targets[0];
    if (last === undefined) this.#fail(503, '');
    else this.#fail(502, `container ${last.name} does not accept connections on port ${last.port}.`);
  }

  #inform(status: number, raw: readonly string[]): void {
    const { req, res, expectsContinue } = this.#exchange;
    // 100 is ours to send, 101 answers what we did not ask for, and HTTP/1.0 knows no 1xx (RFC 9110 15.2).
    if (
      status === 100 ||
      status === 101 ||
      req.httpVersion === '1.0' ||
      (expectsContinue && !this.#bodyStarted)
    )
      return;
    res.writeInformation(status, toRecord(responseHeaders(raw)));
  }

  #isIdempotent(): boolean {
    return ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'].includes(this.#exchange.req.method ?? '');
  }

  #abort(reason: string): void {
    this.#body?.destroy();
    this.#controller?.abort(new Error(reason));
  }

  #fail(status: 502 | 503 | 504, sentence: string): void {
    this.#finished = true;
    this.#exchange.fail(status, sentence);
  }
}

/** Until then a client that is still sending may read the answer; then its connection is closed. */
const lingering = 2_000;

/** The upstream answered before the request was complete: the rest is taken and thrown away, for a while. */
function discardRest(req: IncomingMessage): void {
  req.resume();
  const timer = setTimeout(() => req.socket.destroy(), lingering);
  timer.unref();
  req.once('end', () => clearTimeout(timer));
  req.socket.once('close', () => clearTimeout(timer));
}

const codeOf = (error: unknown): string => String((error as { code?: unknown }).code ?? '');
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const isConnectFailure = (error: Error): boolean =>
  (error as { syscall?: string }).syscall === 'connect' || codeOf(error) === 'UND_ERR_CONNECT_TIMEOUT';

const isStaleConnection = (error: Error): boolean =>
  codeOf(error) === 'UND_ERR_SOCKET' || codeOf(error) === 'ECONNRESET' || codeOf(error) === 'EPIPE';

/** Node refuses a reason phrase with control characters; the phrase means nothing (RFC 9112 4), so it is replaced. */
const reasonOf = (status: number, message: string): string =>
  /^[\t\x20-\x7e\x80-\xff]*$/.test(message) ? message : (STATUS_CODES[status] ?? '');

const isLength = (name: string): boolean => name.length === 14 && name.toLowerCase() === 'content-length';

type Raw = Dispatcher.DispatchController['rawHeaders'];

/** As latin1, which keeps every byte. */
const textOf = (raw: Raw): string[] =>
  Array.isArray(raw) ? raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1'))) : [];

const trailersOf = (raw: Raw): [string, string][] => pairs(responseHeaders(textOf(raw)));

function pairs(fields: readonly string[]): [string, string][] {
  const found: [string, string][] = [];
  for (let index = 0; index < fields.length; index += 2) found.push([fields[index]!, fields[index + 1]!]);
  return found;
}

function toRecord(fields: readonly string[]): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = {};
  for (const [name, value] of pairs(fields)) {
    const before = record[name];
    record[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return record;
}
