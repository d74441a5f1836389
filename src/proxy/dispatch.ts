/** An attempt over undici: one connection each, so that it is known whether it had served before. */
import { createRequire } from 'node:module';
import type { buildConnector as BuildConnector, Client, Dispatcher } from 'undici';
import type { Target } from '../events/decisions.ts';
import type { AnswerListener, Attempt, UpstreamRequest } from './attempt.ts';
import type { ProxyLimits } from './messages.ts';
import { RequestBody } from './request-body.ts';

// The client alone: all of undici would cost each worker three times the memory.
const require = createRequire(import.meta.url);
const UndiciClient = require('undici/lib/dispatcher/client.js') as typeof Client;
const buildConnector = require('undici/lib/core/connect.js') as typeof BuildConnector;

/** One connection to an upstream, or the making of it. */
export interface Link {
  readonly client: Client;
  isOpen(): boolean;
  /** Counts a request that is written; tells whether the connection had served one before. */
  use(): boolean;
}

export function createDial(limits: ProxyLimits): (target: Target) => Link {
  const connect = buildConnector({ timeout: limits.connectTimeout, allowH2: false });
  const options: Client.Options = {
    connect,
    pipelining: 1,
    allowH2: false,
    headersTimeout: limits.firstByteTimeout,
    // A stream of events may be silent for hours.
    bodyTimeout: 0,
    // Shorter than what common servers allow, so that they seldom close just as a request goes out.
    keepAliveTimeout: 4_000,
    keepAliveMaxTimeout: 30_000,
    maxHeaderSize: 64 * 1024,
  };
  return (target) => {
    const client = new UndiciClient(originOf(target), options);
    let open = false;
    let served = 0;
    client.on('connect', () => {
      open = true;
      served = 0;
    });
    client.on('disconnect', () => {
      open = false;
    });
    return {
      client,
      isOpen: () => open,
      use() {
        served += 1;
        return served > 1;
      },
    };
  };
}

const originOf = ({ address, port }: Target): string =>
  `http://${address.includes(':') ? `[${address}]` : address}:${port}`;

type Controller = Dispatcher.DispatchController;

/** A class, as each request makes one. */
export class Dispatched implements Dispatcher.DispatchHandler, Attempt {
  readonly #link: Link;
  readonly #request: UpstreamRequest;
  readonly #listener: AnswerListener;
  readonly #done: (keep: boolean) => void;
  #controller: Controller | null = null;
  #body: RequestBody | null = null;
  #reused = false;
  #answered = false;
  #aborted = false;

  /** @param done told once, with whether the connection is fit for another request */
  constructor(link: Link, request: UpstreamRequest, listener: AnswerListener, done: (keep: boolean) => void) {
    this.#link = link;
    this.#request = request;
    this.#listener = listener;
    this.#done = done;
  }

  start(): Attempt {
    const { method, path, headers, body } = this.#request;
    if (body !== null) this.#body = new RequestBody(body, this.#listener);
    this.#link.client.dispatch(
      { method: method as Dispatcher.HttpMethod, path, headers, body: this.#body },
      this,
    );
    return this;
  }

  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#body?.destroy();
    this.#controller?.abort(new Error('the client went away'));
    this.#done(false);
  }

  resume(): void {
    this.#controller?.resume();
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    this.#reused = this.#link.use();
    this.#listener.sending(this.#reused);
  }

  onResponseStarted(): void {
    this.#answered = true;
  }

  onResponseStart(controller: Controller, status: number, _: unknown, reason = ''): void {
    const raw = textOf(controller.rawHeaders);
    // Below 100 it is none, which is for the listener to say.
    if (status >= 100 && status < 200 && status !== 101) this.#listener.information(status, raw);
    else this.#listener.head(status, reason, raw);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (!this.#listener.data(chunk)) controller.pause();
  }

  onResponseEnd(controller: Controller): void {
    if (this.#aborted) return;
    this.#done(true);
    this.#listener.end(textOf(controller.rawTrailers));
  }

  onResponseError(_: Controller, error: Error): void {
    if (this.#aborted) return;
    this.#body?.destroy();
    this.#done(false);
    const sent = this.#controller !== null;
    this.#listener.failed({ error, sent, reused: this.#reused, answered: this.#answered });
  }
}

/** As latin1, which keeps every byte. */
function textOf(raw: Controller['rawHeaders']): string[] {
  if (!Array.isArray(raw)) return [];
  return raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1')));
}
