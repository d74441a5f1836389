/** An attempt on a connection of its own, over node:http: for what undici does not speak (`Expect`, `OPTIONS *`). */
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Target } from '../events/decisions.ts';
import type { AnswerListener, Attempt, UpstreamRequest } from './attempt.ts';
import type { ProxyLimits } from './messages.ts';
import { RequestBody } from './request-body.ts';

/** @param running holds the way to end the attempt, while it runs */
export function sendOnce(
  target: Target,
  request: UpstreamRequest,
  listener: AnswerListener,
  limits: ProxyLimits,
  running: Set<() => void>,
): Attempt {
  const attempt = new OneShot(target, request, listener, limits, () => running.delete(end));
  const end = (): void => attempt.fail(new Error('the container has left'));
  running.add(end);
  attempt.start();
  return attempt;
}

class OneShot implements Attempt {
  readonly #target: Target;
  readonly #request: UpstreamRequest;
  readonly #listener: AnswerListener;
  readonly #limits: ProxyLimits;
  readonly #onDone: () => void;
  #outgoing: ClientRequest | null = null;
  #response: IncomingMessage | null = null;
  #body: RequestBody | null = null;
  #timer: NodeJS.Timeout | null = null;
  #sent = false;
  #done = false;

  constructor(
    target: Target,
    request: UpstreamRequest,
    listener: AnswerListener,
    limits: ProxyLimits,
    onDone: () => void,
  ) {
    this.#target = target;
    this.#request = request;
    this.#listener = listener;
    this.#limits = limits;
    this.#onDone = onDone;
  }

  start(): void {
    try {
      this.#send();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  abort(): void {
    this.#finish();
  }

  resume(): void {
    this.#response?.resume();
  }

  fail(error: Error): void {
    if (this.#done) return;
    const answered = this.#response !== null;
    this.#finish();
    this.#listener.failed({ error, sent: this.#sent, reused: false, answered });
  }

  #send(): void {
    const { method, path, body, expectsContinue } = this.#request;
    const headers = [...this.#request.headers];
    if (body !== null && !hasLength(headers)) headers.push('Transfer-Encoding', 'chunked');
    if (expectsContinue) headers.push('Expect', '100-continue');
    headers.push('Connection', 'close');
    const { address: host, port } = this.#target;
    // An agent of its own: nothing is kept, and nothing waits for somebody else's connection.
    const agent = new Agent({ keepAlive: false });
    const outgoing = httpRequest({
      host,
      port,
      method,
      path,
      headers,
      agent,
      setHost: false,
      maxHeaderSize: 64 * 1024,
    });
    this.#outgoing = outgoing;
    this.#arm(this.#limits.connectTimeout, 'UND_ERR_CONNECT_TIMEOUT', 'no connection in time');
    outgoing.on('socket', (socket) => socket.once('connect', () => this.#connected()));
    outgoing.on('continue', () => this.#tell(() => this.#listener.proceed()));
    outgoing.on('information', ({ statusCode, rawHeaders }) => {
      if (statusCode !== 100) this.#tell(() => this.#listener.information(statusCode, rawHeaders));
    });
    outgoing.on('response', (response) => this.#onResponse(response));
    outgoing.on('upgrade', (_, socket) => {
      socket.destroy();
      this.fail(new Error('it switched protocols unasked'));
    });
    outgoing.on('error', (error) => this.fail(error));
    outgoing.on('close', () => this.fail(new Error('it closed the connection')));
    if (body === null) outgoing.end();
  }

  #connected(): void {
    this.#sent = true;
    this.#listener.sending(false);
    this.#arm(this.#limits.firstByteTimeout, 'UND_ERR_HEADERS_TIMEOUT', 'no answer in time');
    const { body } = this.#request;
    if (body === null) return;
    this.#body = new RequestBody(body, this.#listener);
    this.#body.on('error', (error) => this.fail(error));
    // A client that was told to wait sends nothing until it is told to go on.
    this.#body.pipe(this.#outgoing!);
  }

  #onResponse(response: IncomingMessage): void {
    this.#response = response;
    this.#disarm();
    response.on('error', (error) => this.fail(error));
    response.on('close', () => {
      if (!response.complete) this.fail(new Error('it closed the connection before the end of its answer'));
    });
    this.#tell(() =>
      this.#listener.head(response.statusCode ?? 0, response.statusMessage ?? '', response.rawHeaders),
    );
    response.on('data', (chunk: Buffer) => {
      if (!this.#done && !this.#listener.data(chunk)) response.pause();
    });
    response.on('end', () => {
      if (this.#done) return;
      this.#finish();
      this.#listener.end(response.rawTrailers);
    });
  }

  #tell(what: () => void): void {
    if (this.#done) return;
    try {
      what();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  #arm(timeout: number, code: string, message: string): void {
    this.#disarm();
    if (timeout > 0)
      this.#timer = setTimeout(() => this.fail(Object.assign(new Error(message), { code })), timeout);
  }

  #disarm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #finish(): void {
    if (this.#done) return;
    this.#done = true;
    this.#disarm();
    this.#body?.destroy();
    this.#outgoing?.destroy();
    this.#onDone();
  }
}

function hasLength(headers: readonly string[]): boolean {
  return headers.some((name, at) => at % 2 === 0 && name === 'Content-Length');
}
