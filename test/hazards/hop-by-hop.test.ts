/** Hazard: fields of one hop that reach the other, or `Connection` used to take away what the other side relies on. */
import { describe, expect, test } from 'vitest';
import { ask, reply, type SeenRequest } from '../support/raw-http.ts';
import { describeRequests, H, host } from './cases.ts';
import { oneRoute } from './one-route.ts';

const removed = (name: string, fields: string, gone: readonly string[]) => ({
  name,
  send: `GET / HTTP/1.1\r\n${H}${fields}\r\n`,
  status: 200,
  seen(request: SeenRequest) {
    for (const one of gone) expect(request.all(one), one).toEqual([]);
  },
});
const kept = (name: string, fields: string, field: string, value: string) => ({
  name,
  send: `GET / HTTP/1.1\r\n${H}${fields}\r\n`,
  status: 200,
  seen: (request: SeenRequest) => expect(request.all(field)).toEqual([value]),
});

describeRequests('hop by hop, to the upstream', [
  removed('Keep-Alive', 'Keep-Alive: timeout=5\r\n', ['keep-alive']),
  removed('Proxy-Connection', 'Proxy-Connection: keep-alive\r\n', ['proxy-connection']),
  removed('Proxy-Authorization', 'Proxy-Authorization: Basic eDp5\r\n', ['proxy-authorization']),
  removed('TE', 'TE: gzip;q=0.5\r\n', ['te']),
  removed('Upgrade of another protocol', 'Connection: Upgrade\r\nUpgrade: foo/2\r\n', ['upgrade']),
  removed(
    'an offer of h2c',
    'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n',
    ['upgrade', 'http2-settings'],
  ),
  removed('Upgrade without Connection', 'Upgrade: websocket\r\n', ['upgrade']),
  removed('what Connection names', 'Connection: X-A, close\r\nX-A: 1\r\nX-a: 2\r\n', ['x-a']),
  removed('what Connection names in another case and with spaces', 'Connection: \t x-A  ,,\r\nX-A: 1\r\n', [
    'x-a',
  ]),
  removed('what a second Connection names', 'Connection: X-A\r\nConnection: X-B\r\nX-A: 1\r\nX-B: 2\r\n', [
    'x-a',
    'x-b',
  ]),
  removed('Trailer, as request trailers are not passed on', 'Trailer: X-A\r\n', ['trailer']),
  kept('Connection cannot take Host away', 'Connection: Host\r\n', 'host', host),
  kept(
    'Connection cannot take X-Forwarded-For away',
    'Connection: X-Forwarded-For\r\n',
    'x-forwarded-for',
    '127.0.0.1',
  ),
  kept('Connection cannot take X-Real-IP away', 'Connection: X-Real-IP\r\n', 'x-real-ip', '127.0.0.1'),
  kept(
    'Connection cannot take X-Forwarded-Host away',
    'Connection: X-Forwarded-Host\r\n',
    'x-forwarded-host',
    host,
  ),
  kept(
    'Connection cannot take our hop field away',
    'Connection: X-Portolan-Hop\r\n',
    'x-portolan-hop',
    'test-proxy',
  ),
  {
    name: 'the client’s Connection does not reach the upstream',
    send: `GET / HTTP/1.1\r\n${H}Connection: keep-alive, X-A\r\n\r\n`,
    status: 200,
    seen: (request: SeenRequest) => expect(request.all('connection')).toEqual([]),
  },
  kept('TE: trailers is said to be of this hop', 'TE: trailers\r\n', 'connection', 'TE'),
  kept('TE: trailers goes on, as trailers are passed back', 'TE: gzip, trailers\r\n', 'te', 'trailers'),
]);

describe('hop by hop, to the client', async () => {
  const { backend, proxy } = await oneRoute();
  const answerTo = async (fields: string) => {
    backend.script = reply(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${fields}\r\nok`);
    return await ask(proxy.port, `GET / HTTP/1.1\r\n${H}\r\n`);
  };

  for (const name of ['Proxy-Authenticate', 'Proxy-Connection', 'Upgrade', 'TE', 'HTTP2-Settings']) {
    test(`${name} is removed`, async () => {
      expect((await answerTo(`${name}: x\r\n`)).field(name)).toBeNull();
    });
  }
  test('Keep-Alive is ours, not the upstream’s', async () => {
    const answer = await answerTo('Keep-Alive: timeout=1234\r\n');
    expect(answer.field('keep-alive')).not.toContain('1234');
  });
  test('what Connection names is removed', async () => {
    const answer = await answerTo('Connection: X-A, keep-alive\r\nX-A: 1\r\nX-B: 2\r\n');
    expect(answer.field('x-a')).toBeNull();
    expect(answer.field('x-b')).toBe('2');
  });
  test('Connection: close of the upstream does not close the client’s connection', async () => {
    expect((await answerTo('Connection: close\r\n')).field('connection')).toBe('keep-alive');
  });
  test('Connection cannot take Content-Length away', async () => {
    expect((await answerTo('Connection: Content-Length\r\n')).body).toBe('ok');
  });
  test('all else stays, repeated and in order', async () => {
    const answer = await answerTo('Set-Cookie: a=1\r\nX-A: \xe9\r\nset-cookie: b=2\r\nVary: x\r\n');
    const seen = answer.fields.filter(([name]) => /cookie|x-a|vary/i.test(name));
    expect(seen).toEqual([
      ['Set-Cookie', 'a=1'],
      ['X-A', '\xe9'],
      ['set-cookie', 'b=2'],
      ['Vary', 'x'],
    ]);
  });
  test('a Date is added where there is none (RFC 9110 6.6.1), and kept where there is one', async () => {
    expect((await answerTo('')).field('date')).not.toBeNull();
    const date = 'Thu, 01 Jan 1970 00:00:00 GMT';
    expect((await answerTo(`Date: ${date}\r\n`)).fields.filter(([name]) => /^date$/i.test(name))).toEqual([
      ['Date', date],
    ]);
  });
});
