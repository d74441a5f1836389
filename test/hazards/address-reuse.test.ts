/** Hazard: an address that belonged to one container answers for another one now. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Position } from '../../src/events/ids.ts';
import { entryOf, routeOf, startProxy, type TestProxy, targetOf } from '../proxy/in-process.ts';
import { ask, openClient, type RawBackend, startBackend, until, within } from '../support/raw-http.ts';
import { H, host } from './cases.ts';

const ends: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const named =
  (name: string) =>
  (_: unknown, socket: Socket): void =>
    void socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`);

const backendOf = async (name: string, port = 0): Promise<RawBackend> => {
  const backend = await startBackend(named(name), '127.0.0.1', port);
  ends.push(backend.close);
  return backend;
};

const serve = async (backend: Pick<RawBackend, 'port' | 'address'>, name: string): Promise<TestProxy> => {
  const proxy = await startProxy([entryOf(host, [routeOf([targetOf(backend, name)])])]);
  ends.push(proxy.close);
  return proxy;
};

const replace = (proxy: TestProxy, backend: Pick<RawBackend, 'port' | 'address'>, name: string): void =>
  proxy.proxy.apply({
    position: 2 as Position,
    hosts: [entryOf(host, [routeOf([targetOf(backend, name)])])],
  });

/** A stopped process with a full queue: whoever connects waits until it goes on. */
async function startStuck(): Promise<{ port: number; address: string; child: ChildProcess }> {
  const script = new URL('./stuck-listener.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  ends.push(() => child.kill('SIGKILL'));
  const [line] = (await within(once(child.stdout, 'data'), 'the listener', 15_000)) as [Buffer];
  const port = Number(line.toString());
  child.kill('SIGSTOP');
  const fillers = Array.from({ length: 4 }, () => connect({ port, host: '127.0.0.1' }));
  for (const filler of fillers) filler.on('error', () => undefined);
  ends.push(() => {
    for (const filler of fillers) filler.destroy();
  });
  await until(() => fillers.filter((filler) => !filler.connecting).length >= 2, 'a full queue');
  // The first ones have their place; the others show that there is none left.
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(fillers.some((filler) => filler.connecting)).toBe(true);
  return { port, address: '127.0.0.1', child };
}

describe('a target whose address goes to another container', () => {
  test('50 times: pooled connections to the one before are destroyed, each answer is from the one of now', async () => {
    let backend = await startBackend(named('c0'));
    const { port } = backend;
    const proxy = await serve(backend, 'c0');
    for (let round = 1; round <= 50; round++) {
      expect((await ask(proxy.port, `GET / HTTP/1.1\r\n${H}\r\n`)).body).toBe(`c${round - 1}`);
      const old = [...backend.sockets];
      expect(old.length).toBeGreaterThan(0);
      replace(proxy, { port, address: '127.0.0.1' }, `c${round}`);
      await until(() => old.every((socket) => socket.destroyed), 'the end of its connections');
      await backend.close();
      backend = await startBackend(named(`c${round}`), '127.0.0.1', port);
    }
    await backend.close();
  });

  test.runIf(process.platform === 'linux')(
    'its container has moved to another: no connection to the old one is kept',
    async () => {
      const old = await backendOf('old');
      const moved = await startBackend(named('moved'), '127.0.0.2', old.port);
      ends.push(moved.close);
      const proxy = await serve(old, 'web');
      expect((await ask(proxy.port, `GET / HTTP/1.1\r\n${H}\r\n`)).body).toBe('old');
      replace(proxy, moved, 'web');
      expect((await ask(proxy.port, `GET / HTTP/1.1\r\n${H}\r\n`)).body).toBe('moved');
      await until(() => old.sockets.size === 0, 'the end of the connections to the old one');
    },
  );

  test.runIf(process.platform === 'linux')(
    'while a connection is made: the request goes to the container of now',
    async () => {
      const stuck = await startStuck();
      const right = await backendOf('right');
      const proxy = await serve(stuck, 'gone');
      const client = await openClient(proxy.port);
      ends.push(client.close);
      client.send(`GET / HTTP/1.1\r\n${H}\r\n`);
      await until(() => proxy.proxy.open() === 1, 'the request');
      replace(proxy, right, 'right');
      stuck.child.kill('SIGCONT');
      expect((await client.answer()).body).toBe('right');
    },
  );

  test.runIf(process.platform === 'linux')(
    'while a connection is made for a WebSocket: it goes to the container of now',
    async () => {
      const stuck = await startStuck();
      const right = await backendOf('right');
      const proxy = await serve(stuck, 'gone');
      const client = await openClient(proxy.port);
      ends.push(client.close);
      client.send(`GET / HTTP/1.1\r\n${H}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
      await until(() => proxy.proxy.counters().upgrades === 1, 'the request');
      replace(proxy, right, 'right');
      stuck.child.kill('SIGCONT');
      expect((await client.answer()).body).toBe('right');
    },
  );
});
