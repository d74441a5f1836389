/** Lets a client that is still sending read its answer before the connection goes: a close at once would reset it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Milliseconds after the answer. */
const lingering = 2_000;

/** The answer came before the request was complete: the rest is taken and thrown away, for a while. */
export function discardRest(req: IncomingMessage, res: ServerResponse): void {
  const { socket } = req;
  req.resume();
  res.once('finish', () => {
    if (req.complete) return;
    const timer = setTimeout(() => socket.destroy(), lingering);
    req.once('end', () => clearTimeout(timer));
    socket.once('close', () => clearTimeout(timer));
  });
}

/** Ends the answer once the request is complete or its time is over; the head has said that the connection closes. */
export function endAfterRest(req: IncomingMessage, res: ServerResponse): void {
  const end = (): void => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(end, lingering);
  req.resume();
  req.once('end', end);
  res.once('close', () => clearTimeout(timer));
}

/** For sockets that are read no more: what was written goes out, then the connection ends, at the latest after a while. */
export function endSoon(socket: Socket, last: string): void {
  socket.end(last);
  // Taken and thrown away: bytes left unread would turn the close into a reset.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), lingering / 2);
  socket.once('close', () => clearTimeout(timer));
}
