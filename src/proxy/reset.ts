/** Resets a connection, so that what it has brought cannot pass for the whole. */
import type { Socket } from 'node:net';

/**
 * While a socket's end is on its way to the system, libuv refuses to reset it, and Node leaves it open then, for ever and without
 * a `close`. Its other side has closed first, or was told the end just now: there is nothing left to save by a reset.
 */
export function resetNow(socket: Socket): void {
  const isEnding = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (isEnding) socket.destroy();
  else socket.resetAndDestroy();
}
