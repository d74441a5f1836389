/**
 * Clients whose body is not read for now, as the upstream does not take it or is not there yet: what is not read tells nothing of
 * its end. A write of nothing finds a connection that was reset; an end that stands behind unread bytes shows to nobody.
 */
import type { IncomingMessage } from 'node:http';

export interface UnreadClients {
  /** A request with a body is under way. */
  watch(req: IncomingMessage): void;
  forget(req: IncomingMessage): void;
  close(): void;
}

/** Milliseconds between two looks, and how many clients are tried in each: a write costs a few microseconds. */
const interval = 4;
const most = 25;

export function createUnreadClients(): UnreadClients {
  const watched = new Set<IncomingMessage>();
  let timer: NodeJS.Timeout | null = null;
  /** Of the look before: most bodies only wait for their turn, and are read by the next one. */
  let waited = new Set<IncomingMessage>();

  function look(): void {
    if (watched.size === 0) stop();
    const unread = [...watched].filter((req) => req.readableFlowing !== true && !req.readableEnded);
    const still = unread.filter((req) => waited.has(req));
    waited = new Set(unread);
    for (const req of still.slice(0, most)) {
      // The others come first the next time.
      watched.delete(req);
      watched.add(req);
      // What waits to be written finds it out by itself.
      if (req.socket.writable && req.socket.writableLength === 0) req.socket.write('');
    }
  }

  function stop(): void {
    if (timer !== null) clearInterval(timer);
    timer = null;
  }

  return {
    watch(req) {
      watched.add(req);
      timer ??= setInterval(look, interval).unref();
    },
    forget: (req) => void watched.delete(req),
    close: stop,
  };
}
