/** A request's body on its way to the upstream: read only once the connection is there, with backpressure, never piped. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FieldNames } from './field-names.ts';
import { trailerFields } from './headers.ts';

export interface UploadWatch {
  /** From here on the request cannot be sent again. */
  bodyStarted(): void;
  bodyBytes(count: number): void;
  /** The body is over, and this many fields follow it: too many end the request. */
  trailers(count: number): void;
}

export interface UploadEnds {
  readonly onDone: () => void;
  /** The client is gone, or what it sends cannot be read on. */
  readonly onError: (error: Error) => void;
}

/** Up to this size, a chunk and its frame are one write. */
const smallChunk = 4 * 1024;

/** Bytes that wait for the upstream before the client has to wait, too: two reads. */
const mostUnsent = 128 * 1024;

/** Stopping it leaves the client's connection alone, so that it can still be answered. */
export class Upload {
  readonly #req: IncomingMessage;
  readonly #socket: Socket;
  readonly #chunked: boolean;
  readonly #watch: UploadWatch;
  readonly #names: FieldNames;
  readonly #ends: UploadEnds;
  /** The upstream does not keep up. */
  #blocked = false;
  /** It took something of late. */
  #taken = true;
  /** Small chunks of this turn of the loop. */
  #pieces: Buffer[] = [];
  #piecesSize = 0;

  constructor(
    req: IncomingMessage,
    socket: Socket,
    chunked: boolean,
    watch: UploadWatch,
    names: FieldNames,
    ends: UploadEnds,
  ) {
    this.#req = req;
    this.#socket = socket;
    this.#chunked = chunked;
    this.#watch = watch;
    this.#names = names;
    this.#ends = ends;
  }

  /** Whether the upstream has taken anything since the last call, or has nothing to take. */
  wasTaken(): boolean {
    const taken = this.#taken || !this.#blocked;
    this.#taken = false;
    return taken;
  }

  start(): void {
    this.#watch.bodyStarted();
    this.#socket.on('drain', this.#onDrain);
    this.#req
      .on('data', this.#onData)
      .on('end', this.#onEnd)
      .on('error', this.#onError)
      .on('close', this.#onClose);
    if (this.#req.readableEnded) this.#onEnd();
  }

  /** Writes what has been gathered. */
  flush(): void {
    const pieces = this.#pieces;
    if (pieces.length === 0) return;
    const all = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, this.#piecesSize);
    this.#pieces = [];
    this.#piecesSize = 0;
    if (!this.#socket.destroyed) this.#writeChunk(all);
  }

  stop(): void {
    this.#socket.off('drain', this.#onDrain);
    this.#req
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('error', this.#onError)
      .off('close', this.#onClose);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#watch.bodyBytes(chunk.length);
    if (this.#socket.destroyed) return;
    if (this.#chunked) this.#takeChunk(chunk);
    else this.#socket.write(chunk);
    // Above its own mark, which is lower, the socket tells when it has drained.
    if (this.#socket.writableLength < mostUnsent) return;
    this.#blocked = true;
    this.#req.pause();
  };

  /** Where a chunk ends means nothing, and each that is written costs as much as a large one. */
  #takeChunk(chunk: Buffer): void {
    if (chunk.length > smallChunk) {
      this.flush();
      this.#writeChunk(chunk);
      return;
    }
    if (this.#pieces.push(chunk) === 1) setImmediate(() => this.flush());
    this.#piecesSize += chunk.length;
  }

  #writeChunk(chunk: Buffer): void {
    const size = `${chunk.length.toString(16)}\r\n`;
    if (chunk.length <= smallChunk) {
      this.#socket.write(`${size}${chunk.toString('latin1')}\r\n`, 'latin1');
      return;
    }
    this.#socket.cork();
    this.#socket.write(size, 'latin1');
    this.#socket.write(chunk);
    this.#socket.write('\r\n', 'latin1');
    this.#socket.uncork();
  }

  readonly #onDrain = (): void => {
    this.#blocked = false;
    this.#taken = true;
    this.#req.resume();
  };

  readonly #onEnd = (): void => {
    this.stop();
    this.#watch.trailers(this.#req.rawTrailers.length / 2);
    if (this.#socket.destroyed) return;
    this.flush();
    if (this.#chunked) this.#socket.write(`0\r\n${this.#trailers()}\r\n`, 'latin1');
    this.#ends.onDone();
  };

  #trailers(): string {
    const fields = trailerFields(this.#req.rawTrailers, this.#names);
    return fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  }

  readonly #onError = (error: Error): void => {
    this.#ends.onError(error);
  };

  readonly #onClose = (): void => {
    if (!this.#req.complete) this.#ends.onError(new Error('the client went away'));
  };
}
