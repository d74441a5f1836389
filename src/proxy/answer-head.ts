/** Reads the head of an upstream's answer as strictly as RFC 9112 allows: what two readers could read in two ways is refused. */
import type { FieldNames } from './field-names.ts';
import { BadResponse } from './response-check.ts';

export interface AnswerHead {
  readonly status: number;
  readonly reason: string;
  /** The upstream takes another request on this connection. */
  readonly persistent: boolean;
  /** Names and values in turn, as sent. */
  readonly fields: readonly string[];
  readonly length: number | null;
  readonly chunked: boolean;
  /** All `Connection` fields in one, as sent; empty for none. */
  readonly connection: string;
  /** The fields as a client gets them where there is nothing to add, once somebody asked: a head is read once, and passed on again and again. */
  forClient: readonly string[] | null;
  /** Seconds that the upstream says it keeps an idle connection; null if it does not. */
  readonly idle: number | null;
}

/** More would only be sent to fill our memory. */
const mostFields = 1_000;

/** RFC 9110 5.6.2. */
const isToken = tableOf((code) => /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(String.fromCharCode(code)));
/** RFC 9110 5.5: no control characters but the tab. */
const isValue = tableOf((code) => code === 0x09 || (code >= 0x20 && code !== 0x7f));

function tableOf(has: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (has(code) ? 1 : 0));
}

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const COLON = 0x3a;

/**
 * @param text the head as latin1, each line with its CRLF, without the empty line
 * @throws {BadResponse}
 */
export function parseHead(text: string, names: FieldNames): AnswerHead {
  const end = text.indexOf('\r');
  const line = end === -1 ? text : text.slice(0, end);
  const found = /^HTTP\/1\.([01]) (\d{3})(?: ([^\n]*))?$/.exec(line);
  if (found === null || text.charCodeAt(end + 1) !== LF)
    throw new BadResponse('its status line is none of HTTP/1');
  const framing = parseFields(text, end + 2, names);
  // RFC 9112 6.1: some read such a body by its chunks, some as it is.
  if (framing.chunked && found[1] === '0') throw new BadResponse('it has a Transfer-Encoding in HTTP/1.0');
  return {
    status: Number(found[2]),
    reason: found[3] ?? '',
    forClient: null,
    // One of HTTP/1.0 is never trusted with a second request.
    persistent: found[1] === '1' && !/(^|[,\s])close([,\s]|$)/i.test(framing.connection),
    ...framing,
  };
}

/** @throws {BadResponse} */
export function parseTrailers(text: string, names: FieldNames): readonly string[] {
  const { fields, length, chunked } = parseFields(text, 0, names);
  if (length !== null || chunked) throw new BadResponse('its trailers frame the body');
  return fields;
}

type Fields = Pick<AnswerHead, 'fields' | 'length' | 'chunked' | 'connection' | 'idle'>;

function parseFields(text: string, start: number, names: FieldNames): Fields {
  const fields: string[] = [];
  let length: number | null = null;
  let chunked = false;
  let connection = '';
  let idle: number | null = null;
  for (let at = start; at < text.length; ) {
    const colon = nameEnd(text, at);
    const lineEnd = valueEnd(text, colon + 1);
    const name = text.slice(at, colon);
    const value = trimmed(text, colon + 1, lineEnd);
    fields.push(name, value);
    at = lineEnd + 2;
    const { kind, lower } = names(name);
    if (kind === 'end-to-end') continue;
    if (kind === 'content-length') {
      if (length !== null || !isDigits(value)) throw new BadResponse('its Content-Length is odd');
      length = Number(value);
    } else if (kind === 'transfer-encoding') {
      if (chunked || value.toLowerCase() !== 'chunked')
        throw new BadResponse('its Transfer-Encoding is other than chunked');
      chunked = true;
    } else if (kind === 'connection') connection = connection === '' ? value : `${connection}, ${value}`;
    else if (lower === 'keep-alive') idle = timeoutOf(value);
  }
  if (chunked && length !== null) throw new BadResponse('it has both Content-Length and Transfer-Encoding');
  if (fields.length > 2 * mostFields) throw new BadResponse(`it has more than ${mostFields} header fields`);
  return { fields, length, chunked, connection, idle };
}

/** Where the colon is: right after the name, which also rules out continued lines (obs-fold). */
function nameEnd(text: string, start: number): number {
  let at = start;
  while (isToken[text.charCodeAt(at)] === 1) at += 1;
  if (at === start || text.charCodeAt(at) !== COLON)
    throw new BadResponse('a header field has no proper name');
  return at;
}

/** Where the CRLF is: no other control character comes before. */
function valueEnd(text: string, start: number): number {
  let at = start;
  while (isValue[text.charCodeAt(at)] === 1) at += 1;
  if (text.charCodeAt(at) !== CR || text.charCodeAt(at + 1) !== LF)
    throw new BadResponse('a header field has a control character');
  return at;
}

function trimmed(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

const isBlank = (code: number): boolean => code === SPACE || code === TAB;

/** So many that it is still exact as a number. */
function isDigits(value: string): boolean {
  if (value.length === 0 || value.length > 15) return false;
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}

function timeoutOf(value: string): number | null {
  const found = /timeout=(\d{1,6})/i.exec(value);
  return found === null ? null : Number(found[1]);
}
