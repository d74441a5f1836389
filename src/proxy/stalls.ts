/**
 * Ends connections whose client takes nothing of what waits for it. All are looked at now and then: a timer for each
 * answer would cost more, and miss what is left once the answer's last bytes were handed over.
 */
import type { Socket } from 'node:net';
import { resetNow } from './reset.ts';

export interface Stalls {
  watch(socket: Socket): void;
  /** It has closed, or may stand still as long as it likes. */
  forget(socket: Socket): void;
  close(): void;
}

/** What was seen of a connection for which something waits. */
interface Sight {
  readonly written: number;
  readonly waiting: number;
  readonly queued: number;
  /** Looks in a row that showed the same: counted, not timed, as this process may have stood still itself. */
  readonly same: number;
}

/** Looks that must show the same until the time is up. */
const looks = 4;
/** Milliseconds between two, at the least. */
const shortest = 25;

/** @param timeout milliseconds in which something must have gone out, and a quarter more at most; 0 for as long as it takes */
export function createStalls(timeout: number): Stalls {
  const watched = new Map<Socket, Sight | null>();

  function look(socket: Socket, before: Sight | null): void {
    const seen = sightOf(socket, before);
    if (seen !== null || before !== null) watched.set(socket, seen);
    // Not ended: a part of an answer must not pass for the whole.
    if (seen !== null && seen.same >= looks) resetNow(socket);
  }

  function lookAtAll(): void {
    for (const [socket, before] of watched) look(socket, before);
  }

  const timer = timeout === 0 ? null : setInterval(lookAtAll, Math.max(shortest, timeout / looks)).unref();

  return {
    watch: (socket) => void watched.set(socket, null),
    forget: (socket) => void watched.delete(socket),
    close() {
      if (timer !== null) clearInterval(timer);
    },
  };
}

/** Null where nothing waits. Node takes what it has handed to the system for written; its own time-outs look at the rest there, too. */
function sightOf(socket: Socket, before: Sight | null): Sight | null {
  const handle = (socket as { _handle?: { readonly writeQueueSize?: number } | null })._handle;
  const queued = handle?.writeQueueSize ?? 0;
  const { bytesWritten: written, writableLength: waiting } = socket;
  if (waiting + queued === 0) return null;
  const isSame = before?.written === written && before.waiting === waiting && before.queued === queued;
  return { written, waiting, queued, same: isSame ? before.same + 1 : 0 };
}
