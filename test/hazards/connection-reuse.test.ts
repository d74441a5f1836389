/** Hazard: a kept connection that is closed, poisoned, or belongs to a container that is gone. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Position } from '../../src/events/ids.ts';
import { entryOf, routeOf, snapshotOf, startProxy, targetOf } from '../proxy/in-process.ts';
import { ask, ok, openClient, reply, type Script, startBackend, until, within } from '../support/raw-http.ts';
import { H, host } from './cases.ts';
import { routeOfEach } from './one-route.ts';

const { start, ends } = routeOfEach();
const request = (method: string, body = '') =>
  `${method} / HTTP/1.1\r\n${H}${body === '' ? '' : `Content-Length: ${body.length}\r\n`}\r\n${body}`;

/** Serves one request well; what comes second on the same connection ends it. */
const closesOnReuse = (end: (socket: Socket) => void): Script => {
  const served = new WeakSet();
  return (one, socket, backend) => {
    if (served.has(socket)) end(socket);
    else {
      served.add(socket);
      ok(one, socket, backend);
    }
  };
};
const how = {
  'with a reset': (socket: Socket) => socket.resetAndDestroy(),
  'with an end': (socket: Socket) => socket.destroy(),
};

describe('a kept connection that the upstream closes just as a request goes out', () => {
  for (const [name, end] of Object.entries(how)) {
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']) {
      test(`${method} without a body is sent again, on a new connection (${name})`, async () => {
        const [backend, proxy] = await start(closesOnReuse(end));
        expect((await ask(proxy.port, request('GET'))).status).toBe(200);
        expect((await ask(proxy.port, request(method))).status).toBe(200);
        expect(backend.requests.map(({ line }) => line.split(' ')[0])).toEqual(['GET', method, method]);
        expect(backend.connections()).toBe(2);
        expect(proxy.proxy.counters().retries).toBe(1);
      });
    }
    for (const [method, body] of [
      ['POST', ''],
      ['PATCH', ''],
      ['POST', 'abc'],
      ['PUT', 'abc'],
      ['DELETE', 'abc'],
    ] as const) {
      test(`${method} ${body === '' ? 'without' : 'with'} a body is never sent twice (${name})`, async () => {
        const [backend, proxy] = await start(closesOnReuse(end));
        expect((await ask(proxy.port, request('GET'))).status).toBe(200);
        expect((await ask(proxy.port, request(method, body))).status).toBe(502);
        expect(backend.requests.filter(({ line }) => line.startsWith(`${method} `))).toHaveLength(1);
      });
    }
  }
  test('a GET whose answer has begun is not sent again', async () => {
    const [backend, proxy] = await start(closesOnReuse((socket) => socket.end('HTTP/1.1 20')));
    await ask(proxy.port, request('GET'));
    expect((await ask(proxy.port, request('GET'))).status).toBe(502);
    expect(backend.requests).toHaveLength(2);
  });
  test('a GET is sent again once, not for ever', async () => {
    const [backend, proxy] = await start();
    await ask(proxy.port, request('GET'));
    backend.script = (_, socket) => socket.destroy();
    expect((await ask(proxy.port, request('GET'))).status).toBe(502);
    expect(backend.requests).toHaveLength(3);
  });
  test('a GET on a new connection is not sent again', async () => {
    const [backend, proxy] = await start((_, socket) => socket.destroy());
    expect((await ask(proxy.port, request('GET'))).status).toBe(502);
    expect(backend.requests).toHaveLength(1);
  });

  test('a server whose idle time-out races with the requests: no 502 for a GET, and no POST twice', async () => {
    const timers = new WeakMap<Socket, NodeJS.Timeout>();
    const [backend, proxy] = await start((one, socket, self) => {
      clearTimeout(timers.get(socket));
      ok(one, socket, self);
      timers.set(
        socket,
        setTimeout(() => socket.destroy(), 4),
      );
    });
    const client = await openClient(proxy.port);
    const statuses = new Map<string, number>();
    for (let count = 0; count < 400; count += 1) {
      const method = count % 4 === 0 ? 'POST' : 'GET';
      client.send(`${method} / HTTP/1.1\r\n${H}X-Id: ${count}\r\n\r\n`);
      const { status } = await client.answer(method);
      statuses.set(`${method} ${status}`, (statuses.get(`${method} ${status}`) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, 3 + (count % 5)));
    }
    client.close();
    expect([...statuses.keys()].filter((key) => key.startsWith('GET'))).toEqual(['GET 200']);
    const posts = backend.requests
      .filter(({ line }) => line.startsWith('POST'))
      .map((one) => one.field('x-id'));
    expect(new Set(posts).size).toBe(posts.length);
  });
});

describe('an address that goes to another container', () => {
  const named =
    (name: string): Script =>
    (_, socket) =>
      void socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`);

  test('no request over a kept connection reaches the one before', async () => {
    const backend = await startBackend(named('first'));
    ends.push(backend.close);
    const proxy = await startProxy([entryOf(host, [routeOf([targetOf(backend, 'first')])])]);
    ends.push(proxy.close);
    for (let count = 0; count < 20; count += 1) {
      const name = `c${count}`;
      backend.script = named(name);
      const old = [...backend.sockets];
      proxy.proxy.apply({
        position: (count + 2) as Position,
        hosts: [entryOf(host, [routeOf([targetOf(backend, name)])])],
      });
      expect((await ask(proxy.port, request('GET'))).body).toBe(name);
      await until(() => old.every((socket) => socket.destroyed), 'the old connections are closed');
    }
  });
  test('a restart of the same container is another target, too', async () => {
    const [backend, proxy] = await start();
    await ask(proxy.port, request('GET'));
    const [old] = [...backend.sockets];
    const again = targetOf(backend, 'web', '2021-01-01T00:00:00Z');
    proxy.proxy.apply({ position: 2 as Position, hosts: [entryOf(host, [routeOf([again])])] });
    await until(() => old!.destroyed, 'the old connection is closed');
    expect((await ask(proxy.port, request('GET'))).status).toBe(200);
    expect(backend.connections()).toBe(2);
  });
  test('a change of another route leaves a target’s connections alone', async () => {
    const [backend, proxy] = await start();
    await ask(proxy.port, request('GET'));
    proxy.proxy.apply({
      position: 2 as Position,
      hosts: [
        entryOf('other.docker.localhost', [routeOf([targetOf(backend, 'other')])]),
        entryOf(host, [routeOf([targetOf(backend)])]),
      ],
    });
    proxy.proxy.replace(snapshotOf([entryOf(host, [routeOf([targetOf(backend)])])]));
    await ask(proxy.port, request('GET'));
    expect(backend.connections()).toBe(1);
  });
});

describe('poisoned connections', () => {
  test('are never used again after an answer that was refused', async () => {
    const [backend, proxy] = await start();
    await ask(proxy.port, request('GET'));
    backend.script = reply(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    );
    expect((await ask(proxy.port, request('GET'))).status).toBe(502);
    await until(() => backend.sockets.size === 0, 'the connection is given up');
    backend.script = ok;
    expect((await ask(proxy.port, request('GET'))).body).toBe('ok');
  });
  test('are never used again after a client left in the middle of its body', async () => {
    const [backend, proxy] = await start();
    await ask(proxy.port, request('GET'));
    const client = await openClient(proxy.port);
    client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 100\r\n\r\nGET /smuggled HTTP/1.1\r\n`);
    await until(() => backend.bytes().includes('smuggled'), 'the beginning of the body');
    client.close();
    await until(() => backend.sockets.size === 0, 'the connection is given up');
    expect((await ask(proxy.port, request('GET'))).body).toBe('ok');
    expect(backend.requests.map(({ line }) => line)).toEqual(['GET / HTTP/1.1', 'GET / HTTP/1.1']);
  });
  const bodiless = {
    'HEAD, with a length': ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 37\r\n\r\n'],
    'HEAD, with chunks': ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    '304 with a length': ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 37\r\n\r\n'],
    '204 with chunks': ['GET', 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n'],
  } as const;
  for (const [name, [method, head]] of Object.entries(bodiless))
    test(`are never used again after an answer without a body that tells of one: it may still come (${name})`, async () => {
      const [backend, proxy] = await start(reply(head));
      await ask(proxy.port, request(method));
      backend.script = ok;
      // On the same connection, the body would be this one's answer.
      expect((await ask(proxy.port, request('GET'))).body).toBe('ok');
      expect(backend.connections()).toBe(2);
    });
  for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS'])
    test(`are never used again after a body of ${method}, which a careless upstream reads as a request (CL.0)`, async () => {
      const port = await startCareless();
      const proxy = await startProxy([entryOf(host, [routeOf([targetOf({ port, address: '127.0.0.1' })])])]);
      ends.push(proxy.close);
      const hidden = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
      const first = `${method} /first HTTP/1.1\r\n${H}Content-Length: ${hidden.length}\r\n\r\n${hidden}`;
      expect((await ask(proxy.port, first)).status).toBe(200);
      expect((await ask(proxy.port, `GET /next HTTP/1.1\r\n${H}\r\n`)).body).toBe('GET /next HTTP/1.1');
    });
  test('answers to requests that were given up reach nobody else', async () => {
    const late: (() => void)[] = [];
    const [backend, proxy] = await start(({ line }, socket) => {
      const path = line.split(' ')[1]!;
      const send = () =>
        void socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`);
      if (path === '/late') late.push(send);
      else send();
    });
    for (let count = 0; count < 20; count += 1) {
      const client = await openClient(proxy.port);
      client.send(`GET /late HTTP/1.1\r\n${H}\r\n`);
      await until(() => late.length === count + 1, 'the request');
      client.close();
      late[count]!();
      expect((await ask(proxy.port, `GET /n${count} HTTP/1.1\r\n${H}\r\n`)).body).toBe(`/n${count}`);
    }
    expect(backend.requests).toHaveLength(40);
  });
});

/** Takes whatever follows a head for the next one; its second answer comes late, as if it had to work for it. */
async function startCareless(): Promise<number> {
  const server = createServer((socket) => {
    let rest = '';
    let turn = Promise.resolve();
    const answer = async (line: string): Promise<void> => {
      if (line.includes('smuggled')) await new Promise((resolve) => setTimeout(resolve, 50));
      const body = line.startsWith('HEAD ') ? '' : line;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${line.length}\r\n\r\n${body}`);
    };
    socket
      .on('error', () => undefined)
      .on('data', (chunk: Buffer) => {
        rest += chunk.toString('latin1');
        for (let end = rest.indexOf('\r\n\r\n'); end !== -1; end = rest.indexOf('\r\n\r\n')) {
          const line = rest.slice(0, rest.indexOf('\r\n'));
          rest = rest.slice(end + 4);
          turn = turn.then(() => answer(line));
        }
      });
  });
  server.listen(0, '127.0.0.1');
  await within(once(server, 'listening'), 'listen');
  ends.push(async () => void server.close());
  return (server.address() as AddressInfo).port;
}
