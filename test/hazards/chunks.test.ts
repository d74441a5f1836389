/** Hazard: chunks whose size or end two servers see at different places. */
import { describe, expect, test } from 'vitest';
import { createChunks } from '../../src/proxy/chunks.ts';
import { entryOf, routeOf, startProxy, targetOf } from '../proxy/in-process.ts';
import { latin1, openClient, type SeenRequest, startBackend, until } from '../support/raw-http.ts';
import { describeRequests, H, host } from './cases.ts';
import { oneRoute } from './one-route.ts';

const head = `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n`;
const good = (name: string, chunks: string, body = 'abc') => ({
  name,
  send: `${head}${chunks}`,
  status: 200,
  seen: (request: { body: string }) => expect(request.body).toBe(body),
});

describeRequests('chunks that are right', [
  good('one', '3\r\nabc\r\n0\r\n\r\n'),
  good('several', '1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n'),
  good('leading zeros', '0003\r\nabc\r\n000\r\n\r\n'),
  good(
    'hexadecimal in both cases',
    `A\r\n${'x'.repeat(10)}\r\na\r\n${'y'.repeat(10)}\r\n0\r\n\r\n`,
    'xxxxxxxxxxyyyyyyyyyy',
  ),
  good('an extension, which is not passed on', '3;name=value\r\nabc\r\n0\r\n\r\n'),
  good('an extension in quotes', '3;name="va;lue"\r\nabc\r\n0;last\r\n\r\n'),
  good(
    'trailers, which do not become header fields',
    '3\r\nabc\r\n0\r\nX-Trailer: smuggled\r\nHost: other\r\n\r\n',
  ),
  ...[
    'Cookie: a=b',
    'Range: bytes=0-1',
    'If-Match: "a"',
    'Max-Forwards: 0',
    'X_Forwarded_For: 1',
    'Proxy: a',
    'Te: x',
  ].map((trailer) => ({
    ...good(
      `a trailer (${trailer}) that would mean something as a header field is dropped`,
      `3\r\nabc\r\n0\r\n${trailer}\r\nX-Sum: 1\r\n\r\n`,
    ),
    seen: (request: SeenRequest) => expect(request.raw).toMatch(/\r\n0\r\nX-Sum: 1\r\n\r\n$/),
  })),
  good('none', '0\r\n\r\n', ''),
  good('a chunk that looks like an end', '7\r\n0\r\n\r\n0\r\r\n0\r\n\r\n', '0\r\n\r\n0\r'),
]);

/** Their head is right: the upstream may have got it, but never a whole request. */
const broken: readonly (readonly [name: string, chunks: string])[] = [
  ['a size that is no number', 'zz\r\nabc\r\n0\r\n\r\n'],
  ['a size with 0x', '0x3\r\nabc\r\n0\r\n\r\n'],
  ['a negative size', '-3\r\nabc\r\n0\r\n\r\n'],
  ['a size with a plus sign', '+3\r\nabc\r\n0\r\n\r\n'],
  ['a size with an underscore', '1_0\r\nabc\r\n0\r\n\r\n'],
  ['no size', '\r\nabc\r\n0\r\n\r\n'],
  ['a space before the size', ' 3\r\nabc\r\n0\r\n\r\n'],
  ['a space after the size', '3 \r\nabc\r\n0\r\n\r\n'],
  ['a space before an extension', '3 ;a\r\nabc\r\n0\r\n\r\n'],
  ['a size of more than 64 bits', 'fffffffffffffffff\r\nabc\r\n0\r\n\r\n'],
  ['a size that wraps around to 3', '10000000000000003\r\nabc\r\n0\r\n\r\n'],
  ['a bare line feed after the size', '3\nabc\r\n0\r\n\r\n'],
  ['a bare carriage return after the size', '3\rabc\r\n0\r\n\r\n'],
  ['a bare line feed after the data', '3\r\nabc\n0\r\n\r\n'],
  ['more data than the size says', '3\r\nabcd\r\n0\r\n\r\n'],
  ['less data than the size says', '4\r\nabc\r\n0\r\n\r\n'],
  ['a bare line feed in an extension', '3;a\nb\r\nabc\r\n0\r\n\r\n'],
  ['a carriage return in an extension', '3;a\rb\r\nabc\r\n0\r\n\r\n'],
  ['a NUL in an extension', '3;a\0b\r\nabc\r\n0\r\n\r\n'],
  ['an extension of 20 KiB', `3;${'a'.repeat(20_480)}\r\nabc\r\n0\r\n\r\n`],
  ['a trailer with a space in its name', '3\r\nabc\r\n0\r\nX A: b\r\n\r\n'],
  ['a trailer without a colon', '3\r\nabc\r\n0\r\nX\r\n\r\n'],
  ['a trailer that is continued', '3\r\nabc\r\n0\r\nX: a\r\n b\r\n\r\n'],
  ['trailers of 40 KiB', `3\r\nabc\r\n0\r\nX: ${'a'.repeat(40_960)}\r\n\r\n`],
  ['more trailers than a head may have fields', `3\r\nabc\r\n0\r\n${'X: a\r\n'.repeat(101)}\r\n`],
  ['a bare line feed as the end', '3\r\nabc\r\n0\n\n'],
  ['bare line feeds throughout', '3\nabc\n0\n\n'],
];

describe('chunks that are wrong', async () => {
  const { backend, proxy } = await oneRoute();

  for (const [name, chunks] of broken) {
    test(`${name}: 4xx, and no upstream takes it for a whole request`, async () => {
      backend.clear();
      const client = await openClient(proxy.port);
      client.send(`${head}${chunks}`);
      const answer = await client.answer('POST').finally(() => client.socket.end());
      expect([400, 413, 431]).toContain(answer.status);
      expect(answer.field('connection')).toBe('close');
      await client.closed();
      await until(() => backend.sockets.size === 0, 'the upstream connection is given up');
      expect(backend.requests).toEqual([]);
    });
  }

  test('a wrong chunk after good ones resets what the upstream has begun to read', async () => {
    backend.clear();
    const client = await openClient(proxy.port);
    client.send(`${head}3\r\nabc\r\n`);
    await until(() => backend.bytes().includes('abc'), 'the upstream reads');
    client.send('zz\r\n');
    expect((await client.answer('POST')).status).toBe(400);
    await until(() => backend.sockets.size === 0, 'the upstream connection is given up');
    expect(backend.bytes()).not.toContain('0\r\n\r\n');
    expect(backend.requests).toEqual([]);
  });
});

describe('chunks of one byte each, from a client that wants us to work', () => {
  test('are handed on together as they are read, and in order with large ones', async () => {
    const backend = await startBackend();
    const proxy = await startProxy([entryOf(host, [routeOf([targetOf(backend)])])]);
    const large = 'L'.repeat(8_192);
    const client = await openClient(proxy.port);
    client.send(`${head}${'1\r\na\r\n'.repeat(5_000)}2000\r\n${large}\r\n1\r\nb\r\n`);
    await until(() => backend.bytes().includes('1\r\nb\r\n'), 'all so far, without waiting for the end');
    client.send('1\r\nc\r\n0\r\n\r\n');
    expect((await client.answer('POST')).status).toBe(200);
    expect(backend.requests[0]?.body).toBe(`${'a'.repeat(5_000)}${large}bc`);
    // As many as there were reads, not as there were bytes.
    expect(backend.requests[0]?.raw.split('\r\n').length).toBeLessThan(500);
    client.close();
    await proxy.close();
    await backend.close();
  });
});

describe('chunks of one byte each, from an upstream that wants us to work', () => {
  test('are handed on together as they are read, and in order with large ones', () => {
    const parts: string[] = [];
    const chunks = createChunks({ data: (bytes) => void parts.push(bytes.toString('latin1')) });
    const large = 'L'.repeat(8_192);
    const tiny = '1\r\na\r\n'.repeat(5_000);
    const read = latin1(`${tiny}2000\r\n${large}\r\n1\r\nb\r\n1\r\nc\r\n`);
    expect(chunks.read(read, 0)).toBe(read.length);
    expect(parts).toEqual(['a'.repeat(5_000), large, 'bc']);
    // What one read gave is not kept for the next: it may come much later.
    chunks.read(latin1('1\r\nd\r\n'), 0);
    expect(parts.at(-1)).toBe('d');
  });
});
