/** Hazard: an upstream's answer that is split, out of step, or such that a library throws on it. */
import { beforeEach, describe, expect, test } from 'vitest';
import { ask, latin1, ok, openClient, reply, until } from '../support/raw-http.ts';
import { H } from './cases.ts';
import { oneRoute } from './one-route.ts';

const { backend, proxy } = await oneRoute();
beforeEach(() => backend.clear());

const get = (method = 'GET') => `${method} / HTTP/1.1\r\n${H}\r\n`;

describe('answers that are refused: 502, once, and the connection is never used again', () => {
  const L = 'Content-Length: 2\r\n';
  const refused: Readonly<Record<string, string>> = {
    'both Content-Length and Transfer-Encoding': `HTTP/1.1 200 OK\r\n${L}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`,
    'both the other way round': `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n${L}\r\n2\r\nhi\r\n0\r\n\r\n`,
    'two lengths that differ': `HTTP/1.1 200 OK\r\n${L}Content-Length: 3\r\n\r\nhi`,
    'the same length twice': `HTTP/1.1 200 OK\r\n${L}${L}\r\nhi`,
    'a list of lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nhi',
    'a negative length': 'HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nhi',
    'a length with a plus sign': 'HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nhi',
    'a hexadecimal length': 'HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nhi',
    'an empty length': 'HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhi',
    'a length of more than 64 bits': 'HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhi',
    'a coding other than chunked': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhi',
    'a list of codings': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    'chunked, then another coding':
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    'chunked twice':
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    'a coding that only ends in chunked':
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    'chunked in HTTP/1.0': 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    identity: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nhi',
    'a continued line (obs-fold)': `HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\n${L}\r\nhi`,
    'whitespace before the colon': 'HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nhi',
    'bare line feeds': 'HTTP/1.1 200 OK\nContent-Length: 2\n\nhi',
    'a bare line feed within a field': `HTTP/1.1 200 OK\r\nX-A: b\nSet-Cookie: evil=1\r\n${L}\r\nhi`,
    'a bare carriage return within a field': `HTTP/1.1 200 OK\r\nX-A: b\rSet-Cookie: evil=1\r\n${L}\r\nhi`,
    'a NUL within a field': `HTTP/1.1 200 OK\r\nX-A: b\0c\r\n${L}\r\nhi`,
    'a control character within a field': `HTTP/1.1 200 OK\r\nX-A: b\x01c\r\n${L}\r\nhi`,
    'a name with a space': `HTTP/1.1 200 OK\r\nX A: b\r\n${L}\r\nhi`,
    'an empty name': `HTTP/1.1 200 OK\r\n: b\r\n${L}\r\nhi`,
    'a line without a colon': `HTTP/1.1 200 OK\r\nfoo\r\n${L}\r\nhi`,
    'head over 64 KiB': `HTTP/1.1 200 OK\r\nX-A: ${'b'.repeat(70_000)}\r\n${L}\r\nhi`,
    'status 099': `HTTP/1.1 099 OK\r\n${L}\r\nhi`,
    'status 000': `HTTP/1.1 000 OK\r\n${L}\r\nhi`,
    'a status of two digits': `HTTP/1.1 99 OK\r\n${L}\r\nhi`,
    'a status of four digits': `HTTP/1.1 2000 OK\r\n${L}\r\nhi`,
    'a status in letters': `HTTP/1.1 abc OK\r\n${L}\r\nhi`,
    'a negative status': `HTTP/1.1 -20 OK\r\n${L}\r\nhi`,
    'a carriage return in the reason': `HTTP/1.1 200 O\rK\r\n${L}\r\nhi`,
    'no status line (HTTP/0.9)': 'hello',
    'another protocol': `ICY 200 OK\r\n${L}\r\nhi`,
    'a greeting of SSH': 'SSH-2.0-OpenSSH_9.2\r\n',
    'HTTP/1.2': `HTTP/1.2 200 OK\r\n${L}\r\nhi`,
    '101 unasked': 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    '101 unasked without Upgrade': `HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\n${L}\r\nhi`,
    'nothing but an end': '',
    'half a status line': 'HTTP/1.1 20',
    'half a head': 'HTTP/1.1 200 OK\r\nX-A: b\r\n',
  };
  for (const [name, bytes] of Object.entries(refused)) {
    test(name, async () => {
      backend.script = reply(bytes, true);
      const before = backend.connections();
      const answer = await ask(proxy.port, get());
      expect(answer.status).toBe(502);
      expect(answer.fields.map(([, value]) => value).join()).not.toContain('evil');
      expect(backend.requests).toHaveLength(1);
      await until(() => backend.sockets.size === 0, 'the connection is given up');
      backend.script = ok;
      expect((await ask(proxy.port, get())).body).toBe('ok');
      expect(backend.connections()).toBe(before + 2);
      for (const socket of backend.sockets) socket.destroy();
      await until(() => backend.sockets.size === 0, 'the connection is closed');
    });
  }
});

describe('answers that are broken after their head: the client’s connection is reset, never ended as if complete', () => {
  const C = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  const broken: Readonly<Record<string, string>> = {
    'shorter than its length': 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhi',
    'an end in the middle of a chunk': `${C}5\r\nhi`,
    'an end before the last chunk': `${C}2\r\nhi\r\n`,
    'an end before the end of the last chunk': `${C}2\r\nhi\r\n0\r\n`,
    'a chunk size that is none': `${C}2\r\nhi\r\nzz\r\n`,
    'a chunk size with 0x': `${C}2\r\nhi\r\n0x2\r\nhi\r\n0\r\n\r\n`,
    'a chunk size of more than 64 bits': `${C}2\r\nhi\r\nfffffffffffffffff\r\n`,
    'more data than the chunk size says': `${C}2\r\nhi!\r\n0\r\n\r\n`,
    'a bare line feed after a chunk': `${C}2\r\nhi\n0\r\n\r\n`,
    'a bare line feed in an extension': `${C}2\r\nhi\r\n2;a\nb\r\nhi\r\n0\r\n\r\n`,
    'a length as a trailer': `${C}2\r\nhi\r\n0\r\nContent-Length: 5\r\n\r\n`,
    'a trailer with a space in its name': `${C}2\r\nhi\r\n0\r\nX A: b\r\n\r\n`,
  };
  for (const [name, bytes] of Object.entries(broken)) {
    test(name, async () => {
      backend.script = reply(bytes, true);
      const client = await openClient(proxy.port);
      client.send(get());
      expect(await client.closed()).toBe('reset');
      expect(client.received()).not.toMatch(/\r\n0\r\n\r\n$/);
      expect(client.received()).not.toContain('502');
      client.close();
    });
  }
  test('a reset of the upstream in the middle of a body', async () => {
    backend.script = (_, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhi', () =>
        setTimeout(() => socket.resetAndDestroy(), 20),
      );
    };
    const client = await openClient(proxy.port);
    client.send(get());
    expect(await client.closed()).toBe('reset');
    client.close();
  });
});

describe('answers that go through', () => {
  const passed: Readonly<Record<string, readonly [bytes: string, status: number, body: string]>> = {
    'with a length': ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi', 200, 'hi'],
    'with chunks': [
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n',
      200,
      'hi',
    ],
    'until the end of the connection': ['HTTP/1.1 200 OK\r\n\r\nhi', 200, 'hi'],
    'of HTTP/1.0': ['HTTP/1.0 200 OK\r\n\r\nhi', 200, 'hi'],
    'of HTTP/1.0, kept alive': [
      'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi',
      200,
      'hi',
    ],
    'with an extension': [
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a="b"\r\nhi\r\n0\r\n\r\n',
      200,
      'hi',
    ],
    'without a reason': ['HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi', 200, 'hi'],
    'with a control character in the reason': [
      'HTTP/1.1 200 O\x01K\r\nContent-Length: 2\r\n\r\nhi',
      200,
      'hi',
    ],
    'with a NUL in the reason': ['HTTP/1.1 200 O\0K\r\nContent-Length: 2\r\n\r\nhi', 200, 'hi'],
    'with a reason beyond ASCII': ['HTTP/1.1 404 Introuvable \xe9\r\nContent-Length: 2\r\n\r\nhi', 404, 'hi'],
    'with a status that nobody knows': ['HTTP/1.1 799 Odd\r\nContent-Length: 2\r\n\r\nhi', 799, 'hi'],
    'with an offer to upgrade': [
      'HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nhi',
      200,
      'hi',
    ],
    '204': ['HTTP/1.1 204 No Content\r\n\r\n', 204, ''],
    '204 with a length that it may not have': [
      'HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nhi',
      204,
      '',
    ],
    '205': ['HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n', 205, ''],
    '304 with the length of what it stands for': [
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n',
      304,
      '',
    ],
    'with 100 fields': [
      `HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(100)}Content-Length: 2\r\n\r\nhi`,
      200,
      'hi',
    ],
    'with names of Object.prototype': [
      'HTTP/1.1 200 OK\r\n__proto__: x\r\nconstructor: y\r\nContent-Length: 2\r\n\r\nhi',
      200,
      'hi',
    ],
  };
  for (const [name, [bytes, status, body]] of Object.entries(passed)) {
    test(name, async () => {
      backend.script = reply(bytes, true);
      const client = await openClient(proxy.port);
      client.send(get());
      const answer = await client.answer();
      expect([answer.status, answer.body]).toEqual([status, body]);
      if (status === 204) expect(answer.field('content-length')).toBeNull();
      // The client's connection is in step: the next answer is the next answer.
      backend.script = ok;
      client.send(get());
      expect((await client.answer()).body).toBe('ok');
      client.close();
    });
  }

  // Node's flushHeaders writes them in UTF-8. Latin-1, UTF-8, and bytes that are neither.
  const beyond = 'a\xe9 \xc3\xa9 \x81\xff';
  const heads = {
    'with a length': `HTTP/1.1 200 OK\r\nX-A: ${beyond}\r\nContent-Length: 2\r\n\r\n`,
    'with chunks': `HTTP/1.1 200 OK \xe9\r\nX-A: ${beyond}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    'until the end of the connection': `HTTP/1.1 200 OK\r\nX-A: ${beyond}\r\n\r\n`,
    'after a 103': `HTTP/1.1 103 Early Hints\r\nX-A: ${beyond}\r\n\r\nHTTP/1.1 200 OK\r\nX-A: ${beyond}\r\nContent-Length: 2\r\n\r\n`,
  };
  for (const [name, head] of Object.entries(heads))
    test(`fields beyond ASCII keep their bytes where the body comes later (${name})`, async () => {
      backend.script = (_, socket) => {
        socket.write(latin1(head));
        setTimeout(() => socket.end(latin1(head.includes('chunked') ? '2\r\nhi\r\n0\r\n\r\n' : 'hi')), 50);
      };
      const client = await openClient(proxy.port);
      client.send(get());
      const answer = await client.answer();
      for (const one of [answer, ...client.informational]) expect(one.field('x-a')).toBe(beyond);
      expect(answer.body).toBe('hi');
      client.close();
    });

  test('bytes past the length go nowhere, and the connection is never used again', async () => {
    for (const socket of backend.sockets) socket.destroy();
    await until(() => backend.sockets.size === 0, 'idle connections are closed');
    const before = backend.connections();
    backend.script = reply(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil',
    );
    const client = await openClient(proxy.port);
    client.send(get());
    expect((await client.answer()).body).toBe('hi');
    backend.script = ok;
    client.send(get());
    expect((await client.answer()).body).toBe('ok');
    expect(client.received()).not.toContain('evil');
    expect(backend.connections()).toBe(before + 2);
    client.close();
  });

  test('an answer nobody asked for on an idle connection goes nowhere', async () => {
    backend.script = ok;
    expect((await ask(proxy.port, get())).body).toBe('ok');
    const idle = [...backend.sockets];
    for (const socket of idle) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil');
    await until(() => idle.every((socket) => socket.destroyed), 'the connection is given up');
    expect((await ask(proxy.port, get())).body).toBe('ok');
  });

  test('a body of HEAD is none, and the connection is not used again', async () => {
    backend.script = reply('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi');
    const answer = await ask(proxy.port, get('HEAD'));
    expect([answer.status, answer.field('content-length')]).toEqual([200, '2']);
    backend.script = ok;
    expect((await ask(proxy.port, get())).body).toBe('ok');
  });
});

describe('trailers', () => {
  const answerWith = async (trailers: string, version = '1.1') => {
    backend.script = reply(
      `HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n${trailers}\r\n`,
    );
    return await ask(proxy.port, `GET / HTTP/${version}\r\n${H}\r\n`);
  };
  test('are passed on to HTTP/1.1', async () => {
    const answer = await answerWith('X-Sum: abc\r\n');
    expect(answer.trailers).toEqual([['X-Sum', 'abc']]);
  });
  test('that frame, route or authenticate are dropped', async () => {
    const answer = await answerWith(
      'Host: evil\r\nSet-Cookie: evil=1\r\nConnection: X-Sum\r\nX-Sum: abc\r\n',
    );
    expect(answer.trailers).toEqual([['X-Sum', 'abc']]);
  });
  test('announced where no chunks leave room for them, are not', async () => {
    backend.script = reply('HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nContent-Length: 2\r\n\r\nhi');
    const answer = await ask(proxy.port, get());
    expect([answer.status, answer.body, answer.field('trailer')]).toEqual([200, 'hi', null]);
  });
  test('announced for HEAD, are not', async () => {
    backend.script = reply('HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n');
    expect((await ask(proxy.port, get('HEAD'))).status).toBe(200);
  });
  test('are none of HTTP/1.0’s', async () => {
    const answer = await answerWith('X-Sum: abc\r\n', '1.0');
    expect([answer.body, answer.trailers]).toEqual(['hi', []]);
  });
});

describe('clients of HTTP/1.0', () => {
  const ask10 = (fields = '') => ask(proxy.port, `GET / HTTP/1.0\r\n${H}${fields}\r\n`);
  test('get no chunks: the end of the connection is the end of the body', async () => {
    backend.script = reply('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n');
    const answer = await ask10('Connection: keep-alive\r\n');
    expect([answer.body, answer.field('transfer-encoding'), answer.field('connection')]).toEqual([
      'hi',
      null,
      'close',
    ]);
  });
  test('get no 1xx', async () => {
    backend.script = reply(
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
    );
    const client = await openClient(proxy.port);
    client.send(`GET / HTTP/1.0\r\n${H}\r\n`);
    expect((await client.answer()).body).toBe('hi');
    expect(client.informational).toEqual([]);
    client.close();
  });
  test('may keep the connection where the length is known', async () => {
    backend.script = ok;
    expect((await ask10('Connection: keep-alive\r\n')).field('connection')).toBe('keep-alive');
  });
  test('an end before the body’s is a reset', async () => {
    backend.script = reply('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhi', true);
    const client = await openClient(proxy.port);
    client.send(`GET / HTTP/1.0\r\n${H}\r\n`);
    expect(await client.closed()).toBe('reset');
    client.close();
  });
});
