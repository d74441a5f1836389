/** A request's body on its way to the upstream: read only once somebody wants it, with backpressure, and never piped. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

export interface BodyWatch {
  /** Somebody began to read: from here on the request cannot be sent again. */
  readonly onStart: () => void;
  readonly onBytes: (count: number) => void;
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
  }

  override _read(): void {
    if (this.#started) {
      this.#req.resume();
      return;
    }
    this.#started = true;
    this.#watch.onStart();
    this.#req.on('data', (chunk: Buffer) => {
      this.#watch.onBytes(chunk.length);
      if (!this.destroyed && !this.push(chunk)) this.#req.pause();
    });
    this.#req.on('end', () => this.push(null));
    this.#req.on('error', (error) => this.destroy(error));
    this.#req.on('close', () => {
      if (!this.#req.complete) this.destroy(new Error('the client went away'));
    });
  }
}
