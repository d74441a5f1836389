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
/** Mostly the right one. */
const hosts = [
  host,
  `${host}:80`,
  `${host}.`,
  'WEB.docker.LOCALHOST',
  `${host}:`,
  `user@${host}`,
  `${host}:80@other`,
  `${host}, other`,
  `[${host}]`,
  `${host}\\other`,
  `${host}/x`,
  'other',
  '',
];
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
  '/a/..;/b',
  '/%252e%252e/%c0%af',
  '/\\x',
  '/a#b',
  `http://user@${host}/`,
  'http://other/x',
  `http://${host}`,
  `http://${host}?q`,
  `https://${host}/`,
  `${host}:80`,
  `//${host}//x//`,
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
  'Connection: keep-alive',
  'Connection: Upgrade, HTTP2-Settings',
  'Connection: Upgrade',
  'Connection: x-real-ip, x-forwarded-for, forwarded, cookie, te, expect',
  'HTTP2-Settings: AAMAAABk',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  'Expect: 100-Continue',
  'Expect: 100-continue, x',
  'Expect: y 100-continue',
  'TE: gzip, trailers;q=0.5',
  'Proxy-Connection: keep-alive',
  'Proxy: http://x',
  'X-Real-IP: 1.2.3.4',
  'Forwarded: for=1.2.3.4',
  'x!forwarded!for: 1.2.3.4',
  'X-Forwarded-Ssl: on',
  'Content_Length: 5',
  'X-Portolan-Hop: other',
  'X-Request-Id: a',
];

/** Ways to say how long a body is that readers differ about; most are refused. */
const framings = [
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: x',
  'Transfer-Encoding: x\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: ,chunked',
  'Transfer-Encoding: chunked,',
  'Transfer-Encoding: chunked;a=b',
  'Transfer-Encoding: "chunked"',
  'Transfer-Encoding:\tchunked\t',
  'Transfer-Encoding: \x0bchunked',
  'Transfer-Encoding: chunked\x0c',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding\t: chunked',
  ' Transfer-Encoding: chunked',
  'X: y\r\n Transfer-Encoding: chunked',
  'X: y\rTransfer-Encoding: chunked',
  'X: y\nTransfer-Encoding: chunked',
  'X: y\0\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding:\r\n chunked',
  'Transfer-Encoding: CHUNKED',
  'Transfer-Encoding: identity',
  'Transfer_Encoding: chunked',
  'Transfer\xadEncoding: chunked',
  ': chunked',
];

const body = (random: Random): string =>
  'body'.repeat(random.below(6)) + (random.chance(0.1) ? 'GET /smuggled HTTP/1.1\r\n\r\n' : '');

const extensions = [
  ';a=b',
  ';x',
  '; y="z"',
  ';',
  ';a="\r\n"',
  ';a\n',
  ';a\rb',
  ' ;a',
  '\t',
  ' ',
  ';\0',
  ';a="b;c"',
  ';\x7f',
  ';é',
];
const lineEnds = ['\n', '\r', '\r\r\n', '\n\r', ' \r\n', ''];
const sizes = ['0x', '-', '+', ' ', '0000000000000000', '_', '1000000000000000'];
const trailers = [
  'X-T: 1',
  'X-T: 1',
  'Content-Length: 5',
  'Transfer-Encoding: chunked',
  'Host: other',
  'Cookie: a=b',
  'X-Forwarded-For: 1.2.3.4',
  'X_Forwarded_For: 1.2.3.4',
  'Set-Cookie: a=b',
  'X T: 1',
  ' X: 1',
  'X',
  'X: a\n',
];

/** Each part of it is what it should be, but for one time in a while. */
function chunked(random: Random, text: string): string {
  const cut = random.below(text.length + 1);
  const parts = [text.slice(0, cut), text.slice(cut)].filter((part) => part !== '');
  const odd = <T>(list: readonly T[], share: number, usual: T): T =>
    random.chance(share) ? random.pick(list) : usual;
  const line = (size: number): string =>
    `${odd(sizes, 0.02, '')}${size.toString(16)}${odd(extensions, 0.12, '')}${odd(lineEnds, 0.03, '\r\n')}`;
  const chunks = parts.map((part) => `${line(part.length)}${part}${odd(lineEnds, 0.03, '\r\n')}`);
  return `${chunks.join('')}${line(0)}${random.chance(0.2) ? `${random.pick(trailers)}\r\n` : ''}${odd(lineEnds, 0.03, '\r\n')}`;
}

function framed(random: Random, lines: string[]): string {
  const content = body(random);
  const coded = random.chance(0.4);
  const usual = coded ? 'Transfer-Encoding: chunked' : `Content-Length: ${content.length}`;
  lines.push(random.chance(0.08) ? random.pick(framings) : usual);
  if (random.chance(0.03)) lines.push(usual);
  return coded ? chunked(random, content) : content;
}

export function request(random: Random): string {
  const method = random.pick(methods);
  const named = random.chance(0.9) ? host : random.pick(hosts);
  const lines = [
    `${method} ${random.chance(0.3) ? '/' : random.pick(targets)} HTTP/1.${random.chance(0.9) ? 1 : 0}`,
    `Host: ${named}`,
  ];
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
  'Connection: set-cookie, x-b',
  'Connection: Upgrade',
  'Keep-Alive: timeout=0',
  'Proxy-Connection: close',
  'Proxy-Authenticate: x',
  'TE: trailers',
  'X-Request-Id: a',
  'Location: //x',
];
/** What may come before an answer, and what may not. */
const preludes = [
  'HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n'.repeat(3),
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 102 Processing\r\nContent-Length: 5\r\n\r\n',
  'HTTP/1.1 103 x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n',
  'HTTP/1.0 103 x\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  'HTTP/1.1 103 x\n\n',
  '\r\n',
];

export function answer(random: Random): string {
  const informational = random.chance(0.15) ? random.pick(preludes) : '';
  const lines = [`HTTP/1.${random.chance(0.9) ? 1 : 0} ${random.pick(statuses)}`];
  for (let count = random.below(3); count > 0; count -= 1) lines.push(random.pick(answerFields));
  const content = random.chance(0.8) ? framed(random, lines) : body(random);
  return `${informational}${lines.join('\r\n')}\r\n\r\n${content}`;
}

/** As the network may cut it: mostly in one piece, else anywhere, most often near the end of a line. */
export function pieces(random: Random, text: string): string[] {
  if (random.chance(0.6)) return [text];
  const ends = [...text.matchAll(/\r|\n/g)].map(({ index }) => index + random.below(3));
  const cuts = Array.from({ length: 1 + random.below(4) }, () =>
    ends.length > 0 && random.chance(0.7) ? random.pick(ends) : random.below(text.length + 1),
  );
  const at = [0, ...cuts, text.length].sort((one, other) => one - other);
  return at
    .slice(1)
    .map((end, index) => text.slice(at[index], end))
    .filter((piece) => piece !== '');
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
  '\n\n',
  '\r\r\n',
  '\x0b',
  '\x0c',
  '\x85',
  '\xa0',
  'Expect: 100-continue\r\n',
  'Connection: close\r\n',
  'Connection: content-length\r\n',
  'Upgrade: websocket\r\nConnection: Upgrade\r\n',
  'HTTP/1.0',
  'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 103 x\r\n\r\n',
];

/** One to four changes; now and then none. */
export function mutated(random: Random, text: string): string {
  let changed = text;
  for (let count = random.pick([0, 0, 1, 1, 1, 1, 2, 2, 3, 4]); count > 0; count -= 1)
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
