/** Requests and answers, most of them nearly right: a seeded generator and mutations of what it makes. */

export interface Random {
  /** Between 0 and 1. */
  next(): number;
  below(limit: number): number;
  pick<T>(list: readonly T[]): T;
  chance(share: number): boolean;
}

/** mulberry32: the same seed gives the same numbers. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return { next, below, pick: (list) => list[below(list.length)]!, chance: (share) => next() < share };
}

export const host = 'web.docker.localhost';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'FOO'];
const targets = [
  '/',
  '/a',
  '/a/../b',
  '/%2e%2e/x',
  '//x',
  '/?q=1',
  `http://${host}/abs`,
  '*',
  '/a;b=c',
  '/%00',
  '/é',
];
const extras = [
  'X-A: 1',
  'Connection: close',
  'Connection: keep-alive, X-A',
  'Connection: content-length',
  'Connection: transfer-encoding, host',
  'TE: trailers',
  'Expect: 100-continue',
  'Upgrade: h2c',
  'Upgrade: websocket',
  'Keep-Alive: timeout=5',
  'X-Forwarded-For: 1.2.3.4',
  'X_Forwarded_For: 1.2.3.4',
  'Cookie: a=b',
  'Trailer: X-T',
  'Content-Type: text/plain',
  `X-Long: ${'y'.repeat(2_000)}`,
];

const body = (random: Random): string =>
  'body'.repeat(random.below(6)) + (random.chance(0.1) ? 'GET /smuggled HTTP/1.1\r\n\r\n' : '');

function chunked(random: Random, text: string): string {
  const cut = random.below(text.length + 1);
  const parts = [text.slice(0, cut), text.slice(cut)].filter((part) => part !== '');
  const extension = (): string => (random.chance(0.1) ? random.pick([';a=b', ';x', '; y="z"', ';']) : '');
  const chunks = parts.map((part) => `${part.length.toString(16)}${extension()}\r\n${part}\r\n`);
  return `${chunks.join('')}0${extension()}\r\n${random.chance(0.2) ? 'X-T: 1\r\n' : ''}\r\n`;
}

function framed(random: Random, lines: string[]): string {
  const content = body(random);
  const coded = random.chance(0.4);
  lines.push(coded ? 'Transfer-Encoding: chunked' : `Content-Length: ${content.length}`);
  return coded ? chunked(random, content) : content;
}

export function request(random: Random): string {
  const method = random.pick(methods);
  const lines = [`${method} ${random.pick(targets)} HTTP/1.${random.chance(0.9) ? 1 : 0}`, `Host: ${host}`];
  for (let count = random.below(4); count > 0; count -= 1) lines.push(random.pick(extras));
  const content = random.chance(0.5) ? framed(random, lines) : '';
  const [line = '', ...fields] = lines;
  const mixed = random.chance(0.3) ? fields.reverse() : fields;
  return `${[line, ...mixed].join('\r\n')}\r\n\r\n${content}`;
}

const statuses = [
  '200 OK',
  '204 No Content',
  '304 Not Modified',
  '404 Not Found',
  '500 Oops',
  '200',
  '206 Part',
  '302 Found',
];
const answerFields = [
  'X-B: 1',
  'Connection: close',
  'Connection: keep-alive',
  'Connection: content-length',
  'Keep-Alive: timeout=5',
  'Set-Cookie: a=b',
  'Upgrade: foo',
  'Trailer: X-T',
  'Content-Type: text/html',
  'Date: Mon, 23 Nov 2026 12:00:00 GMT',
];

export function answer(random: Random): string {
  const informational = random.chance(0.1)
    ? 'HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n'
    : '';
  const lines = [`HTTP/1.${random.chance(0.9) ? 1 : 0} ${random.pick(statuses)}`];
  for (let count = random.below(3); count > 0; count -= 1) lines.push(random.pick(answerFields));
  const content = random.chance(0.8) ? framed(random, lines) : body(random);
  return `${informational}${lines.join('\r\n')}\r\n\r\n${content}`;
}

/** What two readers have been known to read in two ways. */
const spices = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  '\0',
  ' ',
  '\t',
  '\v',
  ':',
  ';',
  ',',
  '\x7f',
  '\x80',
  '0',
  '-1',
  '+1',
  '0x1',
  ' \r\n',
  '\r\n ',
  'Content-Length: 5\r\n',
  'Content-Length: 0\r\n',
  'Content-Length : 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: identity\r\n',
  'Transfer-Encoding:\x0bchunked\r\n',
  'Transfer-Encoding: chunked, identity\r\n',
  'transfer_encoding: chunked\r\n',
  'Host: other\r\n',
  'HTTP/1.1',
  'HTTP/2.0',
  'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n',
  '0\r\n\r\n',
  'ffffffffffffffff\r\n',
];

/** One to four changes; sometimes none. */
export function mutated(random: Random, text: string): string {
  let changed = text;
  for (let count = random.pick([0, 1, 1, 1, 2, 2, 3, 4]); count > 0; count -= 1)
    changed = change(random, changed);
  return changed;
}

function change(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  const end = Math.min(text.length, at + 1 + random.below(12));
  switch (random.below(6)) {
    case 0:
      return text.slice(0, at) + random.pick(spices) + text.slice(at);
    case 1:
      return text.slice(0, at) + text.slice(end);
    case 2:
      return text.slice(0, end) + text.slice(at, end) + text.slice(end);
    case 3:
      return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1);
    case 4: {
      // At the beginning of a line, where framing is decided.
      const breaks = [...text.matchAll(/\r\n/g)].map(({ index }) => index + 2);
      const line = breaks.length === 0 ? at : random.pick(breaks);
      return text.slice(0, line) + random.pick(spices) + text.slice(line);
    }
    default:
      return text.replace(
        random.pick(['\r\n', ': ', 'chunked', 'Content-Length', ' HTTP/1.1', '\r\n\r\n']),
        random.pick(spices),
      );
  }
}
