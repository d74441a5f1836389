/**
 * An independent reader of HTTP/1.1 messages, written from RFC 9112 alone and shared with nothing: it says whether bytes are
 * exactly one message, the beginning of one, or none.
 */

export interface Message {
  readonly start: string;
  /** Names in lower case. */
  readonly fields: readonly (readonly [string, string])[];
  readonly body: string;
  readonly trailers: readonly (readonly [string, string])[];
  /** What follows it. */
  readonly rest: string;
}

export type Reading =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'invalid'; readonly why: string };

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const invalid = (why: string): Reading => ({ kind: 'invalid', why });
const incomplete: Reading = { kind: 'incomplete' };

/** @param text latin1 */
export function readRequest(text: string): Reading {
  const head = readHead(text);
  if ('kind' in head) return head;
  // Several spaces may stand for one (RFC 9112 3); what is forwarded has one, which the comparison sees to.
  const [, method, target] = /^(\S+) +(\S+) +HTTP\/1\.[01]$/.exec(head.start) ?? [];
  if (method === undefined || !token.test(method))
    return invalid(`request line ${JSON.stringify(head.start)}`);
  if (!/^[\x21-\x7e\x80-\xff]+$/.test(target!)) return invalid('request target');
  const framing = framingOf(head.fields);
  if (isBad(framing)) return invalid(framing.bad);
  return readBody(head, framing ?? 0);
}

/** @param method of the request @param over nothing more will come */
export function readAnswer(text: string, method: string, over: boolean): Reading {
  const head = readHead(text);
  if ('kind' in head) return head;
  // Whatever the phrase holds, it means nothing (RFC 9112 4).
  const found = /^HTTP\/1\.[01] ([1-9]\d\d)(?: [^\r\n]*)?$/.exec(head.start);
  if (found === null) return invalid(`status line ${JSON.stringify(head.start)}`);
  const status = Number(found[1]);
  const framing = framingOf(head.fields);
  if (isBad(framing)) return invalid(framing.bad);
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return readBody(head, 0);
  if (framing !== null) return readBody(head, framing);
  if (!over) return incomplete;
  const { start, fields, rest: body } = head;
  return { kind: 'message', message: { start, fields, body, trailers: [], rest: '' } };
}

interface Head {
  readonly start: string;
  readonly fields: readonly (readonly [string, string])[];
  readonly rest: string;
}

function readHead(text: string): Head | Reading {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return incomplete;
  const [start = '', ...lines] = text.slice(0, end).split('\r\n');
  const fields = readFields(lines);
  return typeof fields === 'string' ? invalid(fields) : { start, fields, rest: text.slice(end + 4) };
}

function readFields(lines: readonly string[]): (readonly [string, string])[] | string {
  const fields: [string, string][] = [];
  for (const line of lines) {
    const [, name, value] = /^([^:]*):[\t ]*(.*?)[\t ]*$/s.exec(line) ?? [];
    if (name === undefined || !token.test(name)) return `field ${JSON.stringify(line)}`;
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value!)) return `value ${JSON.stringify(line)}`;
    fields.push([name.toLowerCase(), value!]);
  }
  return fields;
}

/** What is said of the body can be read in two ways. */
interface Bad {
  readonly bad: string;
}
type Framing = number | 'chunked' | null | Bad;

const isBad = (framing: Framing): framing is Bad => typeof framing === 'object' && framing !== null;

/** Length, or chunks; null where nothing is said. */
function framingOf(fields: Head['fields']): Framing {
  const all = (name: string): string[] => fields.flatMap(([one, value]) => (one === name ? [value] : []));
  const codings = all('transfer-encoding');
  const lengths = all('content-length');
  if (codings.length > 0 && lengths.length > 0) return { bad: 'both length and coding' };
  if (codings.length > 1 || lengths.length > 1) return { bad: 'several lengths or codings' };
  if (codings.length === 1) return codings[0]!.toLowerCase() === 'chunked' ? 'chunked' : { bad: 'coding' };
  if (lengths.length === 0) return null;
  return /^\d{1,15}$/.test(lengths[0]!) ? Number(lengths[0]) : { bad: 'length' };
}

function readBody({ start, fields, rest }: Head, framing: number | 'chunked'): Reading {
  if (framing === 'chunked') return readChunks(start, fields, rest);
  if (rest.length < framing) return incomplete;
  const message = { start, fields, body: rest.slice(0, framing), trailers: [], rest: rest.slice(framing) };
  return { kind: 'message', message };
}

function readChunks(start: string, fields: Head['fields'], text: string): Reading {
  let at = 0;
  let body = '';
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd === -1) return incomplete;
    const [, size] =
      /^(0*[0-9a-fA-F]{1,13})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/.exec(text.slice(at, lineEnd)) ?? [];
    if (size === undefined) return invalid(`chunk ${JSON.stringify(text.slice(at, lineEnd))}`);
    const length = Number.parseInt(size, 16);
    at = lineEnd + 2;
    if (length === 0) break;
    if (text.length < at + length + 2) return incomplete;
    if (text.slice(at + length, at + length + 2) !== '\r\n')
      return invalid('a chunk is longer than its size');
    body += text.slice(at, at + length);
    at += length + 2;
  }
  const none = text.startsWith('\r\n', at);
  const end = none ? at : text.indexOf('\r\n\r\n', at);
  if (end === -1) return incomplete;
  const trailers = none ? [] : readFields(text.slice(at, end).split('\r\n'));
  if (typeof trailers === 'string') return invalid(trailers);
  const rest = text.slice(none ? at + 2 : end + 4);
  return { kind: 'message', message: { start, fields, body, trailers, rest } };
}
