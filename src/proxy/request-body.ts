/** A request's body on its way to the upstream: read only once somebody wants it, with backpressure, and never piped. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

export interface BodyWatch {
  /** Somebody began to read: from here on the request cannot be sent again. */
  bodyStarted(): void;
  bodyBytes(count: number): void;
}

/** Destroying it leaves the client's connection alone, so that it can still be answered. */
export class RequestBody extends Readable {
  readonly #req: IncomingMessage;
  readonly #watch: BodyWatch;
  #started = false;

  constructor(req: IncomingMessage, watch: BodyWatch) {
    super();
    this.#req = req;
    this.#watch = watch;
    // Whoever sends it hears of a failure; one that comes after nobody listens any more must not end the process.
    this.on('error', () => undefined);
  }

  override _read(): void {
    if (this.#started) {
      this.#req.resume();
      return;
    }
    this.#started = true;
    this.#watch.bodyStarted();
    this.#req.on('data', this.#onData);
    this.#req.on('end', this.#onEnd);
    this.#req.on('error', this.#onError);
    this.#req.on('close', this.#onClose);
    if (this.#req.readableEnded) this.push(null);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const req = this.#req;
    req
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('error', this.#onError)
      .off('close', this.#onClose);
    callback(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#watch.bodyBytes(chunk.length);
    if (!this.destroyed && !this.push(chunk)) this.#req.pause();
  };

  readonly #onEnd = (): void => {
    this.push(null);
  };

  readonly #onError = (error: Error): void => {
    this.destroy(error);
  };

  readonly #onClose = (): void => {
    if (!this.#req.complete) this.destroy(new Error('the client went away'));
  };
}
