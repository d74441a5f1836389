/** Takes a chunked body apart (RFC 9112 7.1), byte by byte where it counts: no space, no sign, no bare line feed. */
import { BadResponse } from './response-check.ts';

export interface Chunks {
  /** @returns how far it was read @throws {BadResponse} */
  read(bytes: Buffer, start: number): number;
  /** The trailer section, each line with its CRLF; null while the body goes on. */
  trailers(): string | null;
}

/** Extensions of one body: they mean nothing to anybody, and cost us time. */
const mostExtension = 16 * 1024;
const mostTrailers = 64 * 1024;
/** Pieces below this that were read together are handed on together: each costs as much as a large one. */
const smallPiece = 4 * 1024;
/** Hexadecimal digits; a number holds them exactly. */
const mostDigits = 13;

const phase = {
  size: 0,
  extension: 1,
  sizeEnd: 2,
  data: 3,
  dataEnd: 4,
  dataEnd2: 5,
  trailers: 6,
  over: 7,
} as const;

export function createChunks(parts: { data(bytes: Buffer): void }): Chunks {
  let state: number = phase.size;
  let size = 0;
  let digits = 0;
  let extension = 0;
  let trailers = '';
  let pieces: Buffer[] = [];

  function readSize(code: number): void {
    const digit = hexOf(code);
    if (digit !== -1) {
      digits += 1;
      if (digits > mostDigits) throw new BadResponse('a chunk is too large');
      size = size * 16 + digit;
    } else if (digits === 0) throw new BadResponse('a chunk has no size');
    else if (code === 0x0d) state = phase.sizeEnd;
    else if (code === 0x3b) state = phase.extension;
    else throw new BadResponse('the size of a chunk is no number');
  }

  function readExtension(code: number): void {
    extension += 1;
    if (extension > mostExtension) throw new BadResponse('its chunk extensions are too large');
    if (code === 0x0d) state = phase.sizeEnd;
    else if ((code < 0x20 && code !== 0x09) || code === 0x7f)
      throw new BadResponse('a chunk extension has a control character');
  }

  function readSizeEnd(code: number): void {
    if (code !== 0x0a) throw new BadResponse('the line of a chunk does not end as it must');
    digits = 0;
    state = size === 0 ? phase.trailers : phase.data;
  }

  function readData(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + size);
    size -= end - at;
    if (size === 0) state = phase.dataEnd;
    const piece = bytes.subarray(at, end);
    if (piece.length < smallPiece) pieces.push(piece);
    else {
      handOn();
      parts.data(piece);
    }
    return end;
  }

  function handOn(): void {
    if (pieces.length === 0) return;
    const all = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    pieces = [];
    parts.data(all);
  }

  function readDataEnd(code: number): void {
    if (code !== (state === phase.dataEnd ? 0x0d : 0x0a))
      throw new BadResponse('a chunk is longer than its size');
    state = state === phase.dataEnd ? phase.dataEnd2 : phase.size;
  }

  /** @returns how far it was read */
  function readTrailers(bytes: Buffer, at: number): number {
    const before = trailers.length;
    trailers += bytes.toString('latin1', at, Math.min(bytes.length, at + mostTrailers + 4));
    const end = trailers.startsWith('\r\n') ? 0 : trailers.indexOf('\r\n\r\n', Math.max(0, before - 3)) + 2;
    if (end === 1) {
      if (trailers.length > mostTrailers) throw new BadResponse('its trailers are too large');
      if (/(^|[^\r])\n/.test(trailers)) throw new BadResponse('a line ends without a carriage return');
      return bytes.length;
    }
    state = phase.over;
    trailers = trailers.slice(0, end);
    return at + end + 2 - before;
  }

  return {
    read(bytes, start) {
      let at = start;
      while (at < bytes.length && state !== phase.over) {
        if (state === phase.data) at = readData(bytes, at);
        else if (state === phase.trailers) at = readTrailers(bytes, at);
        else {
          const code = bytes[at]!;
          at += 1;
          if (state === phase.size) readSize(code);
          else if (state === phase.extension) readExtension(code);
          else if (state === phase.sizeEnd) readSizeEnd(code);
          else readDataEnd(code);
        }
      }
      handOn();
      return at;
    },
    trailers: () => (state === phase.over ? trailers : null),
  };
}

function hexOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
