/** What is noted of one request while it is carried: for its route's figures and for the access log. */
import type { Target } from '../events/decisions.ts';
import type { TableRoute } from '../routing/table.ts';

/** Times in milliseconds of `performance.now()`; 0 for what did not happen. A class, as each request makes one. */
export class ExchangeRecord {
  readonly started = performance.now();
  /** Null while the access log is off. */
  requestId: string | null = null;
  host = '';
  path = '';
  route: TableRoute | null = null;
  /** Tried last. */
  target: Target | null = null;
  /** Of the table in which the target was found. */
  position = 0;
  /** 0 while nothing was answered. */
  status = 0;
  /** Of bodies; of a WebSocket all bytes after the request's head. */
  bytesIn = 0;
  bytesOut = 0;
  retries = 0;
  /** The answer broke off at the upstream's side, or at a time limit. */
  cut = false;
  /** Why the proxy answered by itself; empty if it did not. */
  reason = '';
  triedAt = 0;
  /** The last try had its connection; `reused` says it had been made before. */
  connectedAt = 0;
  reused = false;
  firstByteAt = 0;

  tried(target: Target): void {
    this.target = target;
    if (this.requestId === null) return;
    this.triedAt = performance.now();
    this.connectedAt = 0;
  }

  /** The request is being written. */
  sending(reused: boolean): void {
    if (this.requestId === null) return;
    this.connectedAt = performance.now();
    this.reused = reused;
  }

  answered(status: number): void {
    this.status = status;
    if (this.requestId !== null) this.firstByteAt = performance.now();
  }
}
