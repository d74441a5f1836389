/** Hazard: requests that wait for a container to arrive fill memory, outlive their clients, or mix up a connection. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Host, Position } from '../../src/events/ids.ts';
import { mostHeld } from '../../src/proxy/arrivals.ts';
import { entryOf, routeOf, startProxy, targetOf } from '../proxy/in-process.ts';
import { ask, ok, openClient, startBackend, until } from '../support/raw-http.ts';

const host = 'web.docker.localhost';
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const get = (name: string): string => `GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`;

/** A proxy that knows no host, and holds requests longer than a test takes. */
async function start() {
  const backend = await startBackend(ok);
  const { proxy, port, close } = await startProxy([], { limits: { holdTimeout: 60_000 } });
  ends.push(backend.close, close);
  return {
    backend,
    proxy,
    port,
    /** A container begins to arrive. */
    arrive: (...hosts: string[]) => proxy.arriving({ key: 'new', hosts: hosts as Host[] }),
    /** It has arrived. */
    over: () => proxy.arriving({ key: 'new', hosts: [] }),
    open: () =>
      proxy.apply({ position: 2 as Position, hosts: [entryOf(host, [routeOf([targetOf(backend)])])] }),
  };
}

describe('requests for a host whose container arrives', () => {
  test('are held in a bounded number; those beyond are answered at once, and so are all once it is over', async () => {
    const { proxy, port, arrive, over } = await start();
    arrive(host);
    const clients = await Promise.all(Array.from({ length: mostHeld }, () => openClient(port)));
    for (const client of clients) client.send(get(host));
    await until(() => proxy.open() === mostHeld, 'all are held');
    expect((await ask(port, get(host))).status).toBe(404);
    over();
    for (const client of clients) {
      expect((await client.answer()).status).toBe(404);
      client.close();
    }
    expect(proxy.counters().own['404']).toBe(mostHeld + 1);
  });
  test('for any other host are answered at once, however many they are', async () => {
    const { port, arrive } = await start();
    arrive(host);
    const answers = Array.from({ length: 200 }, (_, at) => ask(port, get(`h${at}.test`)));
    for (const answer of answers) expect((await answer).status).toBe(404);
  });
  test('end with their clients, which make room for others', async () => {
    const { proxy, port, arrive, open } = await start();
    arrive(host);
    const clients = await Promise.all(Array.from({ length: mostHeld }, () => openClient(port)));
    for (const client of clients) client.send(get(host));
    await until(() => proxy.open() === mostHeld, 'all are held');
    for (const client of clients) client.socket.resetAndDestroy();
    await until(() => proxy.open() === 0, 'all have left');
    const answer = ask(port, get(host));
    await until(() => proxy.open() === 1, 'another is held');
    open();
    expect((await answer).status).toBe(200);
  });
  test('that have left reach no container', async () => {
    const { proxy, port, arrive, open, backend } = await start();
    arrive(host);
    const client = await openClient(port);
    client.send(get(host));
    await until(() => proxy.open() === 1, 'it is held');
    client.socket.resetAndDestroy();
    await until(() => proxy.open() === 0, 'it has left');
    open();
    expect((await ask(port, get(host))).status).toBe(200);
    expect(backend.requests).toHaveLength(1);
  });
  test('do not have their bodies read', async () => {
    const { proxy, port, arrive, open, backend } = await start();
    arrive(host);
    const client = await openClient(port);
    const length = 64 * 1024 * 1024;
    client.send(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${length}\r\n\r\n`);
    await until(() => proxy.open() === 1, 'it is held');
    const part = Buffer.alloc(1024 * 1024);
    while (client.socket.writableLength < 8 * part.length) client.socket.write(part);
    // The system's buffers take some; what they do not take stays with the client, however many turns the proxy has.
    for (let turn = 0; turn < 1_000; turn++) await new Promise(setImmediate);
    expect(client.socket.writableLength).toBeGreaterThan(0);
    expect(backend.requests).toEqual([]);
    client.close();
    open();
  });
  test('keep the order of a connection’s answers', async () => {
    const { proxy, port, arrive, open, over } = await start();
    arrive(host, 'other.test');
    const client = await openClient(port);
    client.send(get(host) + get('other.test') + get(host));
    await until(() => proxy.open() === 3, 'they have come');
    open();
    over();
    const statuses = [await client.answer(), await client.answer(), await client.answer()];
    expect(statuses.map(({ status }) => status)).toEqual([200, 404, 200]);
    client.close();
  });
  test('that are followed by what is no request are refused, and let go of', async () => {
    const { proxy, port, arrive, open, backend } = await start();
    arrive(host);
    const client = await openClient(port);
    client.send(get(host));
    await until(() => proxy.open() === 1, 'it is held');
    client.send('no request at all\r\n\r\n');
    expect((await client.answer()).status).toBe(400);
    await client.closed();
    await until(() => proxy.open() === 0, 'it is over');
    open();
    expect(backend.requests).toEqual([]);
  });
});
