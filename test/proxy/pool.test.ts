/** The pool of workers, for real: threads that share a port, die, are replaced, kept current, and drained. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Position } from '../../src/events/ids.ts';
import { PortUnavailable } from '../../src/port-unavailable.ts';
import type { ProxyLimits } from '../../src/proxy/messages.ts';
import { createProxy, type Proxy as Pool } from '../../src/proxy/pool.ts';
import type { HostEntry, TableSnapshot } from '../../src/routing/table.ts';
import {
  ask,
  ok,
  openClient,
  type RawBackend,
  type RawClient,
  startBackend,
  until,
  within,
} from '../support/raw-http.ts';
import { entryOf, routeOf, settingsOf, snapshotOf, targetOf } from './in-process.ts';

const host = 'web.docker.localhost';
const get = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const upgrade = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
const hasIpv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
);

let backend: RawBackend;
let threads: Worker[] = [];
const remember = (worker: Worker): void => void threads.push(worker);
const ends: (() => Promise<void>)[] = [];
beforeAll(async () => {
  backend = await startBackend();
  process.on('worker', remember);
});
afterAll(async () => {
  process.off('worker', remember);
  await backend.close();
});
beforeEach(() => {
  threads = [];
  backend.script = ok;
  backend.clear();
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Made {
  readonly port?: number;
  readonly hosts?: readonly string[] | undefined;
  readonly limits?: Partial<ProxyLimits>;
}
const make = ({ port = 0, hosts = ['127.0.0.1'], limits = {} }: Made = {}): Pool => {
  const proxy = createProxy({
    settings: { ...settingsOf({ limits }), hosts, port },
    workers: 2,
    drain: 1_000,
    logger: pino({ level: 'silent' }),
  });
  ends.push(() => proxy.stop(0));
  return proxy;
};
const web = (): HostEntry => entryOf(host, [routeOf([targetOf(backend)])]);
const start = async (
  table: TableSnapshot = snapshotOf([web()]),
  limits: Partial<ProxyLimits> = {},
): Promise<[Pool, number]> => {
  const proxy = make({ limits });
  const [address] = await within(proxy.start(table), 'the start', 20_000);
  return [proxy, address!.port];
};
/** Many new connections, so that each worker gets some. */
const askAll = async (port: number, bytes = get): Promise<Set<number>> =>
  new Set(
    (await Promise.all(Array.from({ length: 24 }, () => ask(port, bytes)))).map(({ status }) => status),
  );
/** Those that are answered, one after the other. */
const stillOpen = async (clients: readonly RawClient[]): Promise<RawClient[]> => {
  const open: RawClient[] = [];
  for (const client of clients) {
    client.send(get);
    const answered = client.answer().then(
      ({ status }) => status === 200,
      () => false,
    );
    if (await Promise.race([answered, client.closed().then(() => false)])) open.push(client);
  }
  return open;
};
const openClients = async (port: number, count: number): Promise<RawClient[]> => {
  const open: RawClient[] = [];
  for (let made = 0; made < count; made += 1) open.push(...(await stillOpen([await openClient(port)])));
  ends.push(async () => {
    for (const client of open) client.close();
  });
  return open;
};
const untilAll = async (port: number, status: number, bytes = get): Promise<void> => {
  const deadline = Date.now() + 5_000;
  for (;;) {
    const seen = await askAll(port, bytes);
    if (seen.size === 1 && seen.has(status)) return;
    if (Date.now() > deadline) throw new Error(`still ${[...seen].join()} instead of ${status}`);
  }
};

describe('workers', () => {
  test('share the port, each with the whole table', async () => {
    const [proxy, port] = await start();
    expect(threads).toHaveLength(2);
    expect(proxy.workers()).toBe(2);
    expect(await askAll(port)).toEqual(new Set([200]));
  });
  test.runIf(hasIpv6)('listen on both families', async () => {
    const proxy = make({ hosts: ['127.0.0.1', '::1'] });
    const addresses = await within(proxy.start(snapshotOf([web()])), 'the start', 20_000);
    expect(addresses.map(({ address }) => address)).toEqual(['127.0.0.1', '::1']);
    expect(new Set(addresses.map(({ port }) => port)).size).toBe(1);
    const client = await openClient(addresses[0]!.port, '::1');
    client.send(get);
    expect((await client.answer()).status).toBe(200);
    expect(backend.requests[0]?.field('x-forwarded-for')).toBe('::1');
    expect(backend.requests[0]?.field('forwarded')).toContain('for="[::1]"');
    client.close();
  });
  test('leave out an IPv6 address that the machine has not', async () => {
    const proxy = make({ hosts: ['127.0.0.1', '2001:db8::1'] });
    const addresses = await within(proxy.start(snapshotOf([])), 'the start', 20_000);
    expect(addresses.map(({ address }) => address)).toEqual(['127.0.0.1']);
  });
  test('all hear of a new host, of one that goes down, and of the table’s trust', async () => {
    const [proxy, port] = await start(snapshotOf([]));
    expect(await askAll(port)).toEqual(new Set([404]));
    proxy.apply({ position: 2 as Position, hosts: [web()] });
    await untilAll(port, 200);
    proxy.apply({
      position: 3 as Position,
      hosts: [entryOf(host, [routeOf([], '/', 'stopped')], 'stopped')],
    });
    await untilAll(port, 503);
    proxy.replace(snapshotOf([web()]));
    await untilAll(port, 200);
    proxy.setTrust('distrusted');
    await untilAll(port, 503);
    proxy.setTrust('confirmed');
    await untilAll(port, 200);
    proxy.replace(snapshotOf([]));
    await untilAll(port, 404);
  });
  test('forget a host that nobody asks for any more, and so does one that is started later', async () => {
    const [proxy, port] = await start(snapshotOf([web(), entryOf('made.test', [], 'made.test is down.')]));
    const made = get.replace(host, 'made.test');
    await untilAll(port, 503, made);
    proxy.apply({ position: 2 as Position, hosts: [entryOf('made.test', [])] });
    await untilAll(port, 404, made);
    await threads[0]!.terminate();
    await until(() => threads.length === 3 && proxy.workers() === 2, 'the replacement');
    await within(once(threads[2]!, 'message'), 'it listens', 20_000);
    expect(await askAll(port, made)).toEqual(new Set([404]));
    await untilAll(port, 200);
  });
  test('count together, and go on counting when one is replaced', async () => {
    const [proxy, port] = await start();
    await askAll(port);
    await until(() => proxy.counters().requests === 24, 'the count');
    expect(proxy.counters().answers).toEqual({ '2xx': 24 });
    await threads[0]!.terminate();
    await until(() => proxy.workers() === 2 && threads.length === 3, 'the replacement');
    expect(proxy.counters().requests).toBe(24);
  });
  test('count connections together: those of one client, and those of one that died no more', async () => {
    const [proxy, port] = await start(undefined, { connectionsPerClient: 3 });
    const held = await openClients(port, 12);
    expect(held).toHaveLength(3);
    await threads[0]!.terminate();
    await until(() => proxy.workers() === 2 && threads.length === 3, 'the replacement');
    await within(once(threads[2]!, 'message'), 'it listens', 20_000);
    const left = await stillOpen(held);
    expect(left.length + (await openClients(port, 12)).length).toBe(3);
  });
});

describe('a worker that dies', () => {
  test('is replaced, with the table as it is by then', async () => {
    const [proxy, port] = await start(snapshotOf([]));
    proxy.apply({ position: 2 as Position, hosts: [web()] });
    await threads[0]!.terminate();
    proxy.apply({
      position: 3 as Position,
      hosts: [entryOf('late.docker.localhost', [routeOf([targetOf(backend)])])],
    });
    await until(() => threads.length === 3 && proxy.workers() === 2, 'the replacement');
    await within(once(threads[2]!, 'message'), 'it listens', 20_000);
    await untilAll(port, 200);
    await untilAll(port, 200, get.replace(host, 'late.docker.localhost'));
  });
  test('takes nobody else’s requests with it', async () => {
    const finish: (() => void)[] = [];
    backend.script = (_, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab');
      finish.push(() => void (socket.destroyed || socket.write('cd')));
    };
    const [, port] = await start();
    const clients: RawClient[] = [];
    for (let count = 0; count < 24; count += 1) {
      const client = await openClient(port);
      client.send(get);
      clients.push(client);
    }
    for (const client of clients) await until(() => client.received().endsWith('ab'), 'half of each');
    await threads[0]!.terminate();
    for (const one of finish) one();
    const outcomes = await Promise.all(
      clients.map((client) =>
        client.answer().then(
          ({ body }) => body,
          () => 'lost',
        ),
      ),
    );
    // Those of the dead worker are lost, those of the other are whole.
    expect(outcomes.filter((body) => body === 'abcd').length).toBeGreaterThan(0);
    expect(outcomes.every((body) => body === 'abcd' || body === 'lost')).toBe(true);
    for (const client of clients) client.close();
  });
  test('leaves the port to the other meanwhile: new connections are served', async () => {
    const [, port] = await start();
    await threads[0]!.terminate();
    expect(await askAll(port)).toEqual(new Set([200]));
  });
  test('again and again is replaced again and again', async () => {
    const [proxy, port] = await start();
    for (let count = 0; count < 3; count += 1) {
      const known = threads.length;
      await threads.at(-1)!.terminate();
      await until(() => threads.length === known + 1, 'the replacement');
    }
    await untilAll(port, 200);
    expect(proxy.workers()).toBe(2);
  });
});

describe('a port that is taken', () => {
  const occupy = async (address: string, port: number, reusePort = false): Promise<number> => {
    const server: Server = createServer();
    server.listen({ host: address, port, reusePort });
    await within(once(server, 'listening'), 'listen');
    ends.push(() => new Promise((resolve) => server.close(() => resolve())));
    return (server.address() as { port: number }).port;
  };
  const refusal = async (port: number, hosts?: readonly string[]): Promise<PortUnavailable> => {
    const error: unknown = await within(
      make({ port, hosts })
        .start(snapshotOf([]))
        .then(
          () => null,
          (failure: unknown) => failure,
        ),
      'the refusal',
      20_000,
    );
    expect(error).toBeInstanceOf(PortUnavailable);
    return error as PortUnavailable;
  };

  test('by another program is an error with a way out, and nothing is started', async () => {
    const port = await occupy('127.0.0.1', 0);
    const error = await refusal(port);
    expect([error.code, error.hint]).toEqual(['taken', expect.stringContaining('--http-port')]);
    expect(error.message).toContain(String(port));
    expect(threads).toEqual([]);
  });
  test('by a program that would share it is an error, too', async () => {
    expect((await refusal(await occupy('127.0.0.1', 0, true))).code).toBe('taken');
  });
  test.runIf(hasIpv6)('on one family only is an error, too', async () => {
    expect((await refusal(await occupy('::1', 0), ['127.0.0.1', '::1'])).code).toBe('taken');
  });
  test('by another Portolan is never shared, even on another address', async () => {
    const [, port] = await start();
    expect((await refusal(port)).code).toBe('taken');
    expect((await refusal(port, ['127.0.0.2'])).code).toBe('taken');
    expect(await askAll(port)).toEqual(new Set([200]));
  });
  test('is free again after a stop, and after a refusal', async () => {
    const port = await occupy('127.0.0.1', 0);
    await refusal(port);
    await ends.pop()!();
    await ends.pop()!();
    const first = make({ port });
    await within(first.start(snapshotOf([web()])), 'the start', 20_000);
    await first.stop(0);
    await within(make({ port }).start(snapshotOf([web()])), 'the start', 20_000);
    expect(await askAll(port)).toEqual(new Set([200]));
  });
});

describe('a stop', () => {
  test('lets requests end, refuses new connections, and closes idle ones', async () => {
    let finish = (): void => undefined;
    const [proxy, port] = await start();
    const idle = await openClient(port);
    idle.send(get);
    await idle.answer();
    backend.script = (_, socket) => {
      finish = () => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    };
    const client = await openClient(port);
    client.send(get);
    await until(() => backend.requests.length === 2, 'the request');
    const stopped = proxy.stop(5_000);
    await idle.closed();
    await expect(ask(port, get)).rejects.toThrow();
    finish();
    expect((await client.answer()).body).toBe('ok');
    await client.closed();
    await within(stopped, 'the stop');
    expect(proxy.workers()).toBe(0);
  });
  test('cuts off what is left after the grace, tunnels included', async () => {
    backend.script = (one, socket) => {
      if (one.field('upgrade') === null) return;
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    };
    const [proxy, port] = await start();
    const hanging = await openClient(port);
    hanging.send(get);
    const tunnel = await openClient(port);
    tunnel.send(upgrade);
    expect((await tunnel.answer()).status).toBe(101);
    await within(proxy.stop(200), 'the stop');
    await hanging.closed();
    await tunnel.closed();
    expect(threads).toHaveLength(2);
  });
  test('without anything under way takes no grace', async () => {
    const [proxy] = await start();
    await within(proxy.stop(60_000), 'the stop');
  });
});

describe('file descriptors that run out', () => {
  /** @returns the child, its port, and what it has said of problems */
  const child = async (): Promise<[ChildProcess, number, () => string]> => {
    const script = new URL('./few-descriptors.ts', import.meta.url).pathname;
    const command = 'ulimit -n 1024 && exec "$0" "$@"';
    const made = spawn('bash', ['-c', command, process.execPath, script, String(backend.port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    ends.push(async () => {
      const exit = once(made, 'exit');
      if (made.exitCode === null && made.kill('SIGKILL')) await within(exit, 'exit');
    });
    let said = '';
    made.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await until(() => said.includes('\n'), 'the child’s port', 20_000);
    return [made, Number.parseInt(said, 10), () => said];
  };
  test('refuse connections, end nothing, say it once, and come back', async () => {
    const [process, port, said] = await child();
    const clients = await Promise.all(Array.from({ length: 200 }, () => openClient(port).catch(() => null)));
    const outcomes = await Promise.all(
      clients.map(async (client) => {
        client?.send(get);
        return await client?.answer().then(
          ({ status }) => status,
          () => 'refused',
        );
      }),
    );
    expect(outcomes).toContain('refused');
    await until(() => said().includes('no file descriptors are left'), 'the problem is told', 10_000);
    for (const client of clients) client?.close();
    const statuses: unknown[] = [];
    const attempt = async (): Promise<void> => {
      const answer = await ask(port, get).catch(() => null);
      statuses.push(answer?.status);
    };
    while (statuses.at(-1) !== 200 && statuses.length < 200) await attempt();
    expect(statuses.at(-1)).toBe(200);
    expect(process.exitCode).toBeNull();
    expect(said().match(/no file descriptors/g)).toHaveLength(1);
  });
});
