/** A connection to an upstream that, when it breaks, is still read to its end: Node would throw away what has arrived. */
import { readSync } from 'node:fs';
import { Socket } from 'node:net';

/** A server that refuses an upload answers, and closes with the rest unread, which resets the connection: our next write fails. */
export class UpstreamSocket extends Socket {
  /** Its connection is broken, and its descriptor still open. */
  onBroken: (() => void) | null = null;

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (error !== null) this.onBroken?.();
    super._destroy(error, callback);
  }

  /** What has arrived and was not read yet. @returns 0 if there is nothing */
  readLeft(into: Buffer): number {
    const { fd = -1 } = (this as { _handle?: { readonly fd?: number } | null })._handle ?? {};
    if (fd < 0) return 0;
    try {
      return readSync(fd, into);
    } catch {
      // Nothing is there, or the break itself is told.
      return 0;
    }
  }
}
