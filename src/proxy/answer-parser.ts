/** Takes an upstream's bytes apart into answers: one for each request, and not a byte more. */
import { type AnswerHead, parseHead, parseTrailers } from './answer-head.ts';
import { type Chunks, createChunks } from './chunks.ts';
import type { FieldNames } from './field-names.ts';
import { BadResponse } from './response-check.ts';

/** Bytes given are views of memory that is used again: who keeps them copies them. */
export interface AnswerParts {
  information(head: AnswerHead): void;
  /** All of a small answer at once. @param body as latin1 @param clean nothing came after it, nor will */
  whole(head: AnswerHead, body: string, clean: boolean): void;
  head(head: AnswerHead): void;
  data(bytes: Buffer): void;
  end(rawTrailers: readonly string[], clean: boolean): void;
}

/** One for each connection. What comes after an answer goes nowhere, and `clean` tells that it came. */
export interface AnswerParser {
  /** Another request was sent. */
  expect(method: string): void;
  /** @throws {BadResponse} */
  read(bytes: Buffer): void;
  /** The upstream ended the connection. @throws {BadResponse} if that cuts an answer short */
  readEnd(): void;
}

const mostHead = 64 * 1024;
const emptyLine = '\r\n\r\n';
/** A body that goes out in one write with its head. */
const mostWhole = 12 * 1024;
/** 1xx before one answer. */
const mostInformation = 64;

const phase = { idle: 0, head: 1, length: 2, chunks: 3, close: 4 } as const;

export function createAnswerParser(names: FieldNames, parts: AnswerParts): AnswerParser {
  let state: number = phase.idle;
  let method = '';
  let held: Buffer | null = null;
  let left = 0;
  let informed = 0;
  let chunks: Chunks | null = null;
  /** The head before, as it came (with its empty line) and as it was read. */
  let lastText = '';
  let lastHead: AnswerHead | null = null;

  function read(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (state === phase.head) at = readHead(bytes, at);
      else if (state === phase.length) at = readLength(bytes, at);
      else if (state === phase.chunks) at = readChunks(bytes, at);
      else if (state === phase.close) {
        parts.data(bytes.subarray(at));
        return;
      } else throw new BadResponse('it sent more than its answer');
    }
  }

  function readHead(bytes: Buffer, at: number): number {
    // An upstream says much the same again and again, most often to the byte.
    if (held === null && lastHead !== null && isRepeated(bytes, at))
      return onHead(lastHead, bytes, at + lastText.length);
    const all: Buffer = held === null ? bytes : Buffer.concat([held, bytes]);
    const start = held === null ? at : 0;
    const end = all.indexOf(emptyLine, start, 'latin1');
    const size = (end === -1 ? all.length : end) - start;
    if (size > mostHead) throw new BadResponse(`its head is larger than ${mostHead} bytes`);
    if (end === -1) {
      checkBeginning(all.subarray(start));
      held = Buffer.from(all.subarray(start));
      return bytes.length;
    }
    const before = held === null ? 0 : held.length;
    held = null;
    lastHead = null;
    lastText = all.toString('latin1', start, end + emptyLine.length);
    lastHead = parseHead(lastText.slice(0, -2), names);
    return onHead(lastHead, bytes, end + 4 - before);
  }

  /** It ends at the same empty line, too, as that is the first one in it. */
  function isRepeated(bytes: Buffer, at: number): boolean {
    const end = at + lastText.length;
    return bytes.length >= end && bytes.toString('latin1', at, end) === lastText;
  }

  /** @returns how far it was read */
  function onHead(head: AnswerHead, bytes: Buffer, at: number): number {
    const { status, length } = head;
    if (status < 100) throw new BadResponse(`the status ${status} is none`);
    if (status === 101) throw new BadResponse('it switched protocols unasked');
    if (status < 200) {
      informed += 1;
      if (informed > mostInformation) throw new BadResponse('it sent no end of 1xx');
      parts.information(head);
      return at;
    }
    const bodiless = method === 'HEAD' || status === 204 || status === 304;
    if (bodiless || length === 0) return finishWhole(head, bytes, at, 0, bodiless);
    if (length !== null && length <= mostWhole && bytes.length - at >= length)
      return finishWhole(head, bytes, at, length, false);
    if (head.chunked) {
      state = phase.chunks;
      chunks = createChunks(parts);
    } else if (length !== null) {
      state = phase.length;
      left = length;
    } else state = phase.close;
    parts.head(head);
    return at;
  }

  /** @param bodiless by definition: a careless server that tells of a body may send it all the same, a moment later */
  function finishWhole(head: AnswerHead, bytes: Buffer, at: number, size: number, bodiless: boolean): number {
    state = phase.idle;
    const end = at + size;
    const doubtful = bodiless && (head.chunked || (head.length ?? 0) > 0);
    parts.whole(head, size === 0 ? '' : bytes.toString('latin1', at, end), bytes.length === end && !doubtful);
    return bytes.length;
  }

  function readLength(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + left);
    left -= end - at;
    parts.data(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    if (left > 0) return end;
    state = phase.idle;
    parts.end([], bytes.length === end);
    return bytes.length;
  }

  function readChunks(bytes: Buffer, at: number): number {
    const end = chunks!.read(bytes, at);
    const trailers = chunks!.trailers();
    if (trailers === null) return end;
    const raw = trailers === '' ? [] : parseTrailers(trailers, names);
    state = phase.idle;
    chunks = null;
    parts.end(raw, bytes.length === end);
    return bytes.length;
  }

  return {
    expect(of) {
      state = phase.head;
      method = of;
      informed = 0;
    },
    read,
    readEnd() {
      if (state === phase.close) {
        state = phase.idle;
        parts.end([], false);
      } else if (state === phase.head && held !== null) throw new BadResponse('its head was cut short');
      else if (state !== phase.idle && state !== phase.head)
        throw new BadResponse('it closed the connection before the end of its answer');
    },
  };
}

/** What can become no head is not waited for. */
function checkBeginning(bytes: Buffer): void {
  const first = bytes.toString('latin1', 0, 7);
  if (!'HTTP/1.'.startsWith(first)) throw new BadResponse('its status line is none of HTTP/1');
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1))
    if (bytes[at - 1] !== 0x0d) throw new BadResponse('a line ends without a carriage return');
}
