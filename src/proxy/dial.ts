/** Makes a connection to a target, with a time limit; the caller owns the socket. */
import { connect, type Socket } from 'node:net';
import type { Target } from '../events/decisions.ts';

/** @param done told once; the error has a `code`, `UND_ERR_CONNECT_TIMEOUT` for a time-out as undici has it */
export function dial(
  { address: host, port }: Target,
  timeout: number,
  done: (error: Error | null, socket: Socket) => void,
): Socket {
  // Half-closed tunnels go on in the other direction.
  const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
  const late = (): void => {
    socket.destroy(Object.assign(new Error('no connection in time'), { code: 'UND_ERR_CONNECT_TIMEOUT' }));
  };
  const timer = timeout > 0 ? setTimeout(late, timeout) : undefined;
  const settle = (error: Error | null): void => {
    clearTimeout(timer);
    socket.off('error', settle).off('connect', connected).off('close', closed);
    // Later failures are the business of who owns it by then; none may end the process.
    socket.on('error', () => undefined);
    done(error, socket);
  };
  const connected = (): void => settle(null);
  const closed = (): void => settle(new Error('the connection was ended'));
  socket.once('error', settle).once('connect', connected).once('close', closed);
  return socket;
}
