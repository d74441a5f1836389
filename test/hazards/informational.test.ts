/** Hazard: 1xx answers and `Expect`, which make one exchange look like two. */
import { beforeEach, describe, expect, test } from 'vitest';
import { entryOf, routeOf, startProxy, targetOf } from '../proxy/in-process.ts';
import { ok, openClient, reply, type Script, startBackend, until } from '../support/raw-http.ts';
import { H, host } from './cases.ts';
import { oneRoute } from './one-route.ts';

const { backend, proxy } = await oneRoute();
beforeEach(() => backend.clear());

const final = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';
const exchange = async (script: Script, send = `GET / HTTP/1.1\r\n${H}\r\n`) => {
  backend.script = script;
  const client = await openClient(proxy.port);
  client.send(send);
  const answer = await client.answer();
  client.close();
  return { answer, informational: client.informational };
};

describe('1xx', () => {
  test('103 is passed on, before the final answer', async () => {
    const { answer, informational } = await exchange(
      reply(`HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b>\r\n\r\n${final}`),
    );
    expect(informational.map(({ status, fields }) => [status, fields])).toEqual([
      [
        103,
        [
          ['Link', '</a.css>; rel=preload'],
          ['Link', '</b>'],
        ],
      ],
    ]);
    expect(answer.body).toBe('hi');
  });
  test('103 is passed on at once, while the final answer is still to come', async () => {
    let finish = (): void => undefined;
    backend.script = (_, socket) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n');
      finish = () => void socket.write(final);
    };
    const client = await openClient(proxy.port);
    client.send(`GET / HTTP/1.1\r\n${H}\r\n`);
    await until(() => client.received().includes('103'), 'the hint');
    finish();
    expect((await client.answer()).body).toBe('hi');
    client.close();
  });
  test('a Link that Node’s writeEarlyHints throws on is passed on as it is', async () => {
    const { informational } = await exchange(reply(`HTTP/1.1 103 Early Hints\r\nLink: x;;"\r\n\r\n${final}`));
    expect(informational[0]?.field('link')).toBe('x;;"');
  });
  test('several are passed on in order', async () => {
    const { informational } = await exchange(
      reply(
        `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 150 Odd\r\n\r\n${final}`,
      ),
    );
    expect(informational.map(({ status }) => status)).toEqual([102, 103, 150]);
  });
  test('framing and fields of one hop in them are dropped', async () => {
    const { answer, informational } = await exchange(
      reply(
        `HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\nConnection: X-A\r\nX-A: 1\r\nX-B: 2\r\n\r\n${final}`,
      ),
    );
    expect(informational[0]?.fields).toEqual([['X-B', '2']]);
    expect(answer.body).toBe('hi');
  });
  test('one with two lengths is refused like any other answer', async () => {
    const { answer } = await exchange(
      reply(`HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: gzip\r\n\r\n${final}`),
    );
    expect(answer.status).toBe(502);
  });
  test('100 that nobody waits for is never the client’s final answer', async () => {
    const { answer, informational } = await exchange(reply(`HTTP/1.1 100 Continue\r\n\r\n${final}`));
    expect(informational).toEqual([]);
    expect([200, 502]).toContain(answer.status);
  });
  test('an upstream that ends after a 1xx has not answered', async () => {
    const { answer } = await exchange(reply('HTTP/1.1 103 Early Hints\r\n\r\n', true));
    expect(answer.status).toBe(502);
  });
});

describe('Expect', () => {
  const head = (fields: string) => `POST / HTTP/1.1\r\n${H}${fields}\r\n`;
  const expecting = head('Expect: 100-continue\r\nContent-Length: 3\r\n');

  /** Answers as the head comes, without waiting for the body. */
  const onHead = async (answer: string) => {
    const { createServer } = await import('node:net');
    const seen: string[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        const first = seen.length === 0;
        seen.push(chunk.toString('latin1'));
        if (first) socket.write(answer);
        else if (seen.join('').endsWith('abc')) socket.write(final);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const other = await startProxy([entryOf(host, [routeOf([targetOf({ port, address: '127.0.0.1' })])])]);
    return {
      port: other.port,
      seen: () => seen.join(''),
      close: async () => {
        await other.close();
        server.close();
      },
    };
  };

  test('the upstream is asked, and its 100 passed on before the body is sent', async () => {
    const upstream = await onHead('HTTP/1.1 100 Continue\r\n\r\n');
    const client = await openClient(upstream.port);
    client.send(expecting);
    await until(() => client.received().includes('HTTP/1.1 100'), 'the 100');
    expect(upstream.seen()).toMatch(/\r\nexpect: 100-continue\r\n/i);
    expect(upstream.seen()).not.toContain('abc');
    client.send('abc');
    expect((await client.answer('POST')).body).toBe('hi');
    client.close();
    await upstream.close();
  });
  test('the upstream’s refusal comes instead of 100, and the body is never asked for', async () => {
    const upstream = await onHead('HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno');
    const client = await openClient(upstream.port);
    client.send(expecting);
    const answer = await client.answer('POST');
    expect([answer.status, answer.body, client.informational]).toEqual([413, 'no', []]);
    client.close();
    await upstream.close();
  });
  test('a client that does not wait is served', async () => {
    const { answer } = await exchange(ok, `${expecting}abc`);
    expect(answer.status).toBe(200);
    expect(backend.requests[0]?.body).toBe('abc');
  });
  test('with chunks', async () => {
    const { answer } = await exchange(
      ok,
      `${head('Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n')}3\r\nabc\r\n0\r\n\r\n`,
    );
    expect(answer.status).toBe(200);
    expect(backend.requests[0]?.body).toBe('abc');
    expect(backend.requests[0]?.all('transfer-encoding')).toEqual(['chunked']);
  });
  test('in another case', async () => {
    const { answer } = await exchange(ok, `${head('eXpEcT: 100-Continue\r\nContent-Length: 3\r\n')}abc`);
    expect(answer.status).toBe(200);
  });
  test('without a body it means nothing', async () => {
    const { answer } = await exchange(ok, `GET / HTTP/1.1\r\n${H}Expect: 100-continue\r\n\r\n`);
    expect(answer.status).toBe(200);
    expect(backend.requests[0]?.field('expect')).toBeNull();
  });
  test('of a host that nobody has is answered without asking for the body', async () => {
    const client = await openClient(proxy.port);
    client.send(
      'POST / HTTP/1.1\r\nHost: nobody.example\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n',
    );
    expect((await client.answer('POST')).status).toBe(404);
    expect(client.informational).toEqual([]);
    client.close();
  });
  test('of anything else is 417', async () => {
    const { answer } = await exchange(ok, head('Expect: a-miracle\r\nContent-Length: 0\r\n'));
    expect(answer.status).toBe(417);
    expect(backend.requests).toEqual([]);
  });
  test('of HTTP/1.0 is ignored (RFC 9110 10.1.1)', async () => {
    const { answer, informational } = await exchange(
      ok,
      `POST / HTTP/1.0\r\n${H}Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc`,
    );
    expect([answer.status, informational]).toEqual([200, []]);
  });
  test('an upstream whose port is closed is 502', async () => {
    const closed = await startBackend();
    await closed.close();
    const other = await startProxy([entryOf(host, [routeOf([targetOf(closed)])])]);
    const client = await openClient(other.port);
    client.send(expecting);
    expect((await client.answer('POST')).status).toBe(502);
    client.close();
    await other.close();
  });
});
