/** Hazard: several requests in one go, answered out of order, mixed up, or taken as part of one another. */
import { beforeEach, describe, expect, test } from 'vitest';
import { ask, ok, openClient, until } from '../support/raw-http.ts';
import { H } from './cases.ts';
import { oneRoute } from './one-route.ts';

const { backend, proxy } = await oneRoute();
beforeEach(() => backend.clear());

const get = (path: string, fields = '') => `GET ${path} HTTP/1.1\r\n${H}${fields}\r\n`;
/** Answers with the path; the first one late. */
const echoLate = (late: string) => {
  backend.script = ({ line }, socket) => {
    const path = line.split(' ')[1]!;
    const send = () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`);
    if (path === late) setTimeout(send, 50);
    else send();
  };
};
const lines = () => backend.requests.map(({ line }) => line.replace(' HTTP/1.1', ''));

describe('pipelining', () => {
  test('answers come in the order of the requests', async () => {
    echoLate('/1');
    const client = await openClient(proxy.port);
    client.send(get('/1') + get('/2') + get('/3'));
    const bodies = [await client.answer(), await client.answer(), await client.answer()].map(
      ({ body }) => body,
    );
    expect(bodies).toEqual(['/1', '/2', '/3']);
    client.close();
  });
  test('a request is not begun before the one before it is answered (RFC 9112 9.3.2)', async () => {
    let finish = (): void => undefined;
    backend.script = (_, socket) => {
      finish = () => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    };
    const client = await openClient(proxy.port);
    client.send(`POST /1 HTTP/1.1\r\n${H}Content-Length: 0\r\n\r\n${get('/2')}`);
    await until(() => backend.requests.length === 1, 'the first');
    // The other request on another connection is through: nothing of the second is on its way.
    const held = finish;
    backend.script = ok;
    await ask(proxy.port, get('/other'));
    expect(lines()).toEqual(['POST /1', 'GET /other']);
    held();
    await client.answer('POST');
    await client.answer();
    expect(lines()).toEqual(['POST /1', 'GET /other', 'GET /2']);
    client.close();
  });
  test('a body ends where its length says', async () => {
    backend.script = ok;
    const client = await openClient(proxy.port);
    client.send(`POST /1 HTTP/1.1\r\n${H}Content-Length: 3\r\n\r\nabc${get('/2')}`);
    await client.answer('POST');
    await client.answer();
    expect(backend.requests.map(({ body }) => body)).toEqual(['abc', '']);
    client.close();
  });
  test('nothing after Connection: close is served', async () => {
    backend.script = ok;
    const client = await openClient(proxy.port);
    client.send(get('/1', 'Connection: close\r\n') + get('/smuggled'));
    expect((await client.answer()).status).toBe(200);
    await client.closed();
    await ask(proxy.port, get('/sentinel'));
    expect(lines()).toEqual(['GET /1', 'GET /sentinel']);
  });
  test('nor does it take the answer away from the request that closes, whenever it comes', async () => {
    let finish: () => void = () => undefined;
    backend.script = (_, socket) => {
      finish = () => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    };
    const client = await openClient(proxy.port);
    client.send(get('/1', 'Connection: close\r\n') + get('/smuggled'));
    await until(() => backend.requests.length === 1, 'the request');
    for (const bytes of [get('/smuggled'), 'G@RBAGE\r\n\r\n', '\0'.repeat(100_000)]) client.send(bytes);
    finish();
    const answer = await client.answer();
    expect([answer.status, answer.body]).toEqual([200, 'ok']);
    await client.closed();
    await until(() => proxy.proxy.open() === 0 && proxy.proxy.connections() === 0, 'the end');
    expect(lines()).toEqual(['GET /1']);
  });
  test('nothing after an expectation that is refused is served', async () => {
    backend.script = ok;
    const client = await openClient(proxy.port);
    client.send(get('/1', 'Expect: x\r\n') + get('/smuggled'));
    expect((await client.answer()).status).toBe(417);
    await client.closed();
    await ask(proxy.port, get('/sentinel'));
    expect(lines()).toEqual(['GET /sentinel']);
  });
  test('nothing after a malformed request is served', async () => {
    backend.script = ok;
    const client = await openClient(proxy.port);
    client.send(`GET / HTTP/1.1\r\n${H}${H}\r\n${get('/smuggled')}`);
    expect((await client.answer()).status).toBe(400);
    await client.closed();
    await ask(proxy.port, get('/sentinel'));
    expect(lines()).toEqual(['GET /sentinel']);
  });
  test('nothing after a request with an unknown coding is served', async () => {
    backend.script = ok;
    const client = await openClient(proxy.port);
    client.send(`POST / HTTP/1.1\r\n${H}Transfer-Encoding: gzip\r\n\r\n${get('/smuggled')}`);
    expect((await client.answer('POST')).status).toBe(501);
    await client.closed();
    await ask(proxy.port, get('/sentinel'));
    expect(lines()).toEqual(['GET /sentinel']);
  });
  test('a body that the parser overlooks is not served as the next request, whenever it comes', async () => {
    backend.script = ok;
    for (const fields of [
      'Connection: Upgrade\r\nUpgrade: h2c\r\n',
      'Connection: Upgrade\r\nUpgrade: x\r\n',
    ]) {
      const client = await openClient(proxy.port);
      client.send(`POST /1 HTTP/1.1\r\n${H}${fields}Transfer-Encoding: chunked\t\r\n\r\n`);
      expect((await client.answer()).status).toBe(400);
      client.send(get('/2'));
      await client.closed();
    }
    await ask(proxy.port, get('/sentinel'));
    expect(lines()).toEqual(['GET /sentinel']);
  });
  test('a chunked body beside an offer to upgrade may come in any pieces, and be empty', async () => {
    backend.script = ok;
    const client = await openClient(proxy.port);
    const head = (path: string) =>
      `POST ${path} HTTP/1.1\r\n${H}Connection: Upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n\r\n`;
    for (const [path, first, rest, body] of [
      ['/1', '3', '\r\nabc\r\n0\r\n\r\n', 'abc'],
      ['/2', '3\r\nabc\r\n', '0\r\n\r\n', 'abc'],
      ['/3', '', '0\r\n\r\n', ''],
    ] as const) {
      client.send(head(path) + first);
      await until(() => first === '3' || backend.bytes().includes(` ${path} `), 'the head at the backend');
      client.send(rest);
      expect((await client.answer()).status).toBe(200);
      expect(backend.requests.at(-1)).toMatchObject({ body });
    }
    client.close();
  });
  test('a malformed request after a good one gets 400 once the good one is answered, or the end', async () => {
    backend.script = ok;
    const client = await openClient(proxy.port);
    client.send(get('/1'));
    expect((await client.answer()).status).toBe(200);
    client.send('GET / HTTP/1.1\nHost: web\n\n');
    expect((await client.answer()).status).toBe(400);
    await client.closed();
  });
  test('a malformed request behind one that is under way never gets into its answer', async () => {
    let finish = (): void => undefined;
    backend.script = (_, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234');
      finish = () => void socket.write('56789');
    };
    const client = await openClient(proxy.port);
    client.send(get('/1'));
    await until(() => client.received().includes('01234'), 'half of the answer');
    client.send('GET / HTTP/1.1\nHost: web\n\n');
    await client.closed();
    finish();
    expect(client.received()).not.toContain('400');
    client.close();
  });
  test('hundreds are not kept: the connection ends', async () => {
    backend.script = () => undefined;
    const client = await openClient(proxy.port);
    client.send(get('/x').repeat(500));
    await client.closed();
    await until(() => backend.sockets.size === 0, 'the upstream is let go');
    client.close();
  });
  test('those that wait are not begun once the client is gone', async () => {
    backend.script = () => undefined;
    const client = await openClient(proxy.port);
    client.send(get('/1') + get('/2'));
    await until(() => backend.requests.length === 1, 'the first');
    client.close();
    await until(() => backend.sockets.size === 0, 'the upstream is let go');
    backend.script = ok;
    await ask(proxy.port, get('/sentinel'));
    expect(lines()).toEqual(['GET /1', 'GET /sentinel']);
  });
  test('an upgrade behind a request under way ends the connection', async () => {
    backend.script = () => undefined;
    const client = await openClient(proxy.port);
    client.send(get('/1') + get('/ws', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'));
    await client.closed();
    expect(client.received()).toBe('');
    expect(lines()).not.toContain('GET /ws');
    client.close();
  });
  test('CONNECT behind a request under way ends the connection', async () => {
    backend.script = () => undefined;
    const client = await openClient(proxy.port);
    client.send(`${get('/1')}CONNECT a:1 HTTP/1.1\r\n${H}\r\n`);
    await client.closed();
    expect(client.received()).toBe('');
    client.close();
  });
});
