/** The clients' connections of one worker: how many there are, and whose turn it is on each. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { peerAddress } from './client.ts';
import type { Seats } from './seats.ts';
import type { Stalls } from './stalls.ts';
import { askNowAndThen } from './vanished.ts';

export interface Connections {
  open(): number;
  /** @returns false for one too many, which is closed */
  accept(socket: Socket): boolean;
  /** It carries a tunnel from now on, which may stand still. */
  letStand(socket: Socket): void;
  /** Runs when the answers to requests before it on the same connection have gone out (RFC 9112 9.3.2). */
  inTurn(req: IncomingMessage, res: ServerResponse, run: () => void): void;
  /**
   * How to end the exchange that is under way, should its request turn out to be broken.
   * @param end tells whether the client has its answer, so that nothing more is to be said
   */
  onBroken(socket: Socket, end: () => boolean): void;
  /** What is under way on it; null for nothing. */
  current(socket: Socket): ServerResponse | null;
  /** Ends what is under way, upstream included; false if the socket is the caller's to answer or to end. */
  endCurrent(socket: Socket): boolean;
}

/** Pipelined requests that wait on one connection; nobody sends so many but to fill our memory. */
const mostWaiting = 64;

/** Of one connection, for as long as it lives. */
interface Turn {
  /** Null while nothing is asked. */
  current: ServerResponse | null;
  end: (() => boolean) | null;
  readonly waiting: { readonly res: ServerResponse; readonly run: () => void }[];
}

/** @param onFull one was refused because all are taken, not because its client has too many */
export function createConnections(seats: Seats, stalls: Stalls, onFull: () => void): Connections {
  const turns = new WeakMap<Socket, Turn>();
  let open = 0;

  function start(socket: Socket, turn: Turn, res: ServerResponse, run: () => void): void {
    turn.current = res;
    turn.end = null;
    // It comes once; `once` would cost a second closure, and taking it off.
    res.on('close', () => next(socket, turn, res));
    run();
  }

  function next(socket: Socket, turn: Turn, before: ServerResponse): void {
    turn.current = null;
    turn.end = null;
    const waiting = turn.waiting.shift();
    // After an answer that closes the connection nothing more of it is served.
    const over = socket.destroyed || !before.shouldKeepAlive;
    if (over) turn.waiting.length = 0;
    else if (waiting !== undefined) start(socket, turn, waiting.res, waiting.run);
  }

  return {
    open: () => open,
    accept(socket) {
      const client = peerAddress(socket.remoteAddress);
      if (!seats.take(client)) {
        if (seats.isFull()) onFull();
        socket.destroy();
        return false;
      }
      open += 1;
      turns.set(socket, { current: null, end: null, waiting: [] });
      stalls.watch(socket);
      socket.on('close', () => {
        open -= 1;
        stalls.forget(socket);
        seats.leave(client);
      });
      return true;
    },
    letStand(socket) {
      stalls.forget(socket);
      askNowAndThen(socket);
    },
    inTurn({ socket }, res, run) {
      const turn = turns.get(socket);
      if (turn === undefined) socket.destroy();
      else if (turn.current === null) start(socket, turn, res, run);
      else if (turn.waiting.length < mostWaiting) turn.waiting.push({ res, run });
      else socket.destroy();
    },
    onBroken(socket, end) {
      const turn = turns.get(socket);
      if (turn?.current != null) turn.end = end;
    },
    current: (socket) => turns.get(socket)?.current ?? null,
    endCurrent(socket) {
      const turn = turns.get(socket);
      turn?.waiting.splice(0);
      return turn?.end?.() ?? false;
    },
  };
}
