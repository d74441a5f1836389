/** The access log: one line for each request, whatever became of it, and never at the cost of one. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createProxy, type Proxy as Pool } from '../../src/proxy/pool.ts';
import {
  ask,
  ok,
  openClient,
  type RawBackend,
  reply,
  startBackend,
  until,
  within,
} from '../support/raw-http.ts';
import { entryOf, routeOf, settingsOf, snapshotOf, targetOf } from './in-process.ts';

interface Line {
  readonly [field: string]: unknown;
  readonly kind: string;
}

const host = 'web.docker.localhost';
const get = (path = '/', fields = ''): string => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`;
const upgrade = get('/ws', 'Connection: Upgrade\r\nUpgrade: websocket\r\n');
let backend: RawBackend;
let folder: string;
let file: string;
let pool: Pool | null = null;
beforeAll(async () => {
  backend = await startBackend();
});
afterAll(() => backend.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portolan-access-'));
  file = join(folder, 'access.log');
  backend.script = ok;
  backend.clear();
});
afterEach(async () => {
  await pool?.stop(0);
  pool = null;
  rmSync(folder, { recursive: true });
});

const start = async (path = file, trustedProxies: readonly string[] = []): Promise<number> => {
  pool = createProxy({
    settings: { ...settingsOf(), port: 0, accessLog: path, trustedProxies },
    workers: 2,
    drain: 1_000,
    logger: pino({ level: 'silent' }),
  });
  const down = entryOf('down.docker.localhost', [routeOf([], '/', 'container down was stopped.')]);
  const web = entryOf(host, [routeOf([targetOf(backend)])]);
  const [address] = await within(pool.start(snapshotOf([web, down])), 'the start', 20_000);
  return address!.port;
};
const linesOf = (path = file): Line[] =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line))
    : [];
const lines = async (count: number, path = file): Promise<Line[]> => {
  await until(() => linesOf(path).length >= count, `${count} lines`);
  // Two workers hand theirs over in any order.
  const inTime = (one: Line, other: Line): number => (String(one['time']) < String(other['time']) ? -1 : 1);
  return linesOf(path).sort(inTime);
};

describe('a line of the access log', () => {
  test('tells of a request where it went, how long it took, and in which table that was found', async () => {
    const port = await start();
    const answer = await ask(port, get('/a%20b?token=secret'));
    const [line] = await lines(1);
    const target = targetOf(backend);
    expect(line).toMatchObject({
      kind: 'http',
      client: '127.0.0.1',
      method: 'GET',
      protocol: 'HTTP/1.1',
      host,
      path: '/a%20b',
      status: 200,
      complete: true,
      bytes: 2,
      received: 0,
      route: '/:route',
      target,
      position: 1,
      retries: 0,
      reason: null,
    });
    expect(Math.abs(Date.parse(String(line!['time'])) - Date.now())).toBeLessThan(60_000);
    expect(line!['duration']).toBeGreaterThanOrEqual(Number(line!['firstByte']));
    expect(line!['connect']).toBeGreaterThan(0);
    expect(answer.field('x-request-id')).toBe(line!['requestId']);
    expect(backend.requests[0]!.all('x-request-id')).toEqual([line!['requestId']]);
    expect(readFileSync(file, 'utf8')).not.toContain('secret');
  });
  test('on a kept upstream connection has no time to connect', async () => {
    const port = await start();
    const client = await openClient(port);
    client.send(get());
    await client.answer();
    client.send(get());
    await client.answer();
    client.close();
    expect((await lines(2))[1]).toMatchObject({ connect: 0 });
  });
  test('says why the proxy answered by itself', async () => {
    const port = await start();
    await ask(port, get().replace(host, 'none.docker.localhost'));
    await ask(port, get().replace(host, 'down.docker.localhost'));
    await ask(port, get('/', 'Host: other\r\n'));
    await ask(port, 'GET / HTTP/1.1\r\nBroken\r\n\r\n');
    const all = await lines(4);
    expect(all.map(({ status }) => status).sort()).toEqual([400, 400, 404, 503]);
    expect(all.map(({ target }) => target)).toEqual([null, null, null, null]);
    const down = all.find(({ status }) => status === 503);
    expect(down).toMatchObject({ reason: 'container down was stopped.', route: '/:route' });
    const malformed = all.find(({ method }) => method === null);
    expect(malformed).toMatchObject({ host: null, reason: 'the request is malformed.' });
  });
  test('stays one line of text, whatever is in the request: it ends no line, adds no field, steers no terminal', async () => {
    const port = await start(file, ['127.0.0.1']);
    const path = '/a"},{"status":1\\u000a';
    await ask(port, get(path));
    await ask(port, get(`http://${host}${path}`));
    await ask(port, get('/id', 'X-Request-Id: a"b\x9b2J\r\nX-Forwarded-For: 1.2.3.4"\r\n'));
    // Bytes that are no text never get that far.
    await ask(port, get('/\x9b2J\x9d0;title\x9c'));
    const all = await lines(4);
    expect(all.filter((line) => line['path'] === path)).toHaveLength(2);
    expect(all.find((line) => line['path'] === '/id')).toMatchObject({ client: '127.0.0.1', status: 200 });
    expect(all.find((line) => line['path'] === '/id')?.['requestId']).toMatch(/^[\w-]+$/);
    expect(all.filter(({ status }) => status === 400)).toMatchObject([{ path: null }]);
    expect(readFileSync(file, 'latin1')).toMatch(/^[\n\x20-\x7e]+$/);
  });
  test('fits into a pipe whole, however long the path is and whatever it is made of', async () => {
    const port = await start();
    await ask(port, get(`/${'"'.repeat(20_000)}`));
    await ask(port, get(`/${'a'.repeat(20_000)}`));
    const paths = (await lines(2)).map(({ path }) => String(path));
    expect(paths).toContain(`/${'a'.repeat(2_047)}`);
    expect(paths).toContain(`/${'"'.repeat(1_023)}`);
    // PIPE_BUF: what others write into the same pipe stays outside of a line.
    for (const line of readFileSync(file, 'utf8').split('\n')) expect(line.length).toBeLessThan(4_096);
  });
  test('of a client that went away says that its answer was not whole', async () => {
    backend.script = reply('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab');
    const port = await start();
    const client = await openClient(port);
    client.send(get());
    await until(() => client.received().endsWith('ab'), 'the beginning');
    client.close();
    expect((await lines(1))[0]).toMatchObject({ status: 200, complete: false, bytes: 2 });
  });
  test('of a WebSocket comes at its end, with all of its bytes', async () => {
    backend.script = (_, socket) => {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello',
      );
    };
    const port = await start();
    const client = await openClient(port);
    client.send(upgrade);
    const answer = await client.answer();
    expect(linesOf()).toEqual([]);
    await until(() => client.received().endsWith('hello'), 'the greeting');
    client.close();
    const [line] = await lines(1);
    expect(line).toMatchObject({ kind: 'websocket', status: 101, path: '/ws', received: 0 });
    expect(line!['bytes']).toBe(client.received().length);
    expect(answer.field('x-request-id')).toBe(line!['requestId']);
  });
  test('names the client and the request as a trusted proxy does, and nobody else', async () => {
    const port = await start(file, ['127.0.0.0/8']);
    const fields = 'X-Forwarded-For: 192.0.2.1, ::ffff:192.0.2.7\r\nX-Request-Id: theirs\r\n';
    expect((await ask(port, get('/', fields))).field('x-request-id')).toBe('theirs');
    await ask(port, get('/', 'X-Request-Id: a b\r\n'));
    const all = await lines(2);
    expect(all.find(({ requestId }) => requestId === 'theirs')).toMatchObject({ client: '192.0.2.7' });
    expect(all.map(({ requestId }) => requestId)).not.toContain('a b');
    await pool!.stop(0);
    rmSync(file);
    const untrusting = await start();
    await ask(untrusting, get('/', fields));
    const [line] = await lines(1);
    expect(line).toMatchObject({ client: '127.0.0.1' });
    expect(line!['requestId']).not.toBe('theirs');
    expect(backend.requests.at(-1)!.all('x-request-id')).toEqual([line!['requestId']]);
  });
  test('is one for each request of many, and each is whole', async () => {
    const port = await start();
    const paths = Array.from({ length: 500 }, (_, index) => `/${index}`);
    await Promise.all(
      [0, 1, 2, 3, 4].map(async (part) => {
        const client = await openClient(port);
        for (const path of paths.slice(part * 100, part * 100 + 100)) {
          client.send(get(path));
          await client.answer();
        }
        client.close();
      }),
    );
    const all = await lines(500);
    expect(new Set(all.map(({ path }) => path))).toEqual(new Set(paths));
    expect(new Set(all.map(({ requestId }) => requestId)).size).toBe(500);
  });
});

describe('the access log', () => {
  test('that is off leaves X-Request-Id alone', async () => {
    pool = createProxy({
      settings: { ...settingsOf(), port: 0 },
      workers: 1,
      drain: 0,
      logger: pino({ level: 'silent' }),
    });
    const table = snapshotOf([entryOf(host, [routeOf([targetOf(backend)])])]);
    const [address] = await within(pool.start(table), 'the start', 20_000);
    backend.script = reply('HTTP/1.1 200 OK\r\nX-Request-Id: up\r\nContent-Length: 2\r\n\r\nok');
    const answer = await ask(address!.port, get('/', 'X-Request-Id: mine\r\n'));
    expect(answer.field('x-request-id')).toBe('up');
    expect(backend.requests[0]!.all('x-request-id')).toEqual(['mine']);
  });
  test('goes on in a new file after a rotation', async () => {
    const port = await start();
    await ask(port, get('/before'));
    await lines(1);
    renameSync(file, `${file}.1`);
    pool!.reopenAccessLog();
    await ask(port, get('/after'));
    expect((await lines(1)).map(({ path }) => path)).toEqual(['/after']);
    expect(linesOf(`${file}.1`).map(({ path }) => path)).toEqual(['/before']);
  });
  test('has everything after a stop', async () => {
    const port = await start();
    for (let count = 0; count < 20; count += 1) await ask(port, get());
    await pool!.stop(1_000);
    expect(linesOf()).toHaveLength(20);
  });
  test('that cannot be written at all keeps it from starting, and says how', async () => {
    await expect(start(join(folder, 'none', 'access.log'))).rejects.toMatchObject({
      code: 'access-log-unusable',
      message: expect.stringContaining('none/access.log'),
      hint: expect.stringContaining('--access-log'),
    });
  });
  test('whose reader stands still delays nobody, and says what was lost', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const reader = spawn('sh', ['-c', `exec 3<>${pipe}; read go; exec cat <&3`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let read = '';
    reader.stdout.on('data', (chunk: Buffer) => {
      read += chunk.toString();
    });
    const port = await start(pipe);
    const path = `/${'x'.repeat(2_000)}`;
    const flood = async (): Promise<void> => {
      const client = await openClient(port);
      for (let count = 0; count < 400; count += 1) {
        client.send(get(path));
        expect((await client.answer()).status).toBe(200);
      }
      client.close();
    };
    for (let round = 0; round < 3; round += 1) await Promise.all([flood(), flood(), flood(), flood()]);
    reader.stdin.write('go\n');
    try {
      await until(() => read.includes('"kind":"gap"'), 'the gap', 20_000);
      await until(() => pool!.accessLogLost() > 0, 'the count of what was lost', 5_000);
    } finally {
      reader.kill('SIGKILL');
    }
  });
});
