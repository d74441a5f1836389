/** What a client's body may be: how large, how slow, and how many fields may follow it. */
import type { IncomingMessage } from 'node:http';
import type { ProxyLimits } from './messages.ts';

export type BodyStatus = 408 | 413 | 431;

/** Of one request. A class, as each makes one. */
export class BodyLimits {
  readonly #req: IncomingMessage;
  readonly #limits: ProxyLimits;
  readonly #onBroken: (status: BodyStatus, sentence: string) => void;
  #size = 0;
  #timer: NodeJS.Timeout | null = null;
  #over = false;

  /** @param onBroken the request will not be finished */
  constructor(
    req: IncomingMessage,
    limits: ProxyLimits,
    onBroken: (status: BodyStatus, sentence: string) => void,
  ) {
    this.#req = req;
    this.#limits = limits;
    this.#onBroken = onBroken;
  }

  /** A client that stops in the middle of its body holds an upstream up. */
  start(): void {
    const { idleTimeout } = this.#limits;
    if (idleTimeout === 0) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#req.complete || this.#over) return;
      // Paused, it waits for the upstream, whose own time is counted elsewhere.
      if (this.#req.isPaused()) this.start();
      else this.#onBroken(408, 'the body did not arrive in time.');
    }, idleTimeout);
  }

  bytes(count: number): void {
    this.#timer?.refresh();
    this.#size += count;
    const { bodyBytes } = this.#limits;
    if (bodyBytes > 0 && this.#size > bodyBytes)
      this.#onBroken(413, `the body is larger than ${bodyBytes} bytes.`);
  }

  trailers(count: number): void {
    const { headerCount } = this.#limits;
    if (headerCount > 0 && count > headerCount)
      this.#onBroken(431, `more than ${headerCount} trailer fields.`);
  }

  /** Nobody minds any more. */
  end(): void {
    this.#over = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
