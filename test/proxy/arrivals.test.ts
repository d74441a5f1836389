/** Requests for what is not there yet while a container arrives: held, and answered by what comes of it. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Host, Position } from '../../src/events/ids.ts';
import type { HostEntry } from '../../src/routing/table.ts';
import { ask, ok, openClient, type Script, startBackend, until, within } from '../support/raw-http.ts';
import { entryOf, routeOf, startProxy, type TestProxyOptions, targetOf } from './in-process.ts';

const host = 'web.docker.localhost';
const get = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const down = (name: string): HostEntry =>
  entryOf(name, [routeOf([], '/', `${name} is down.`)], `${name} is down.`);

/** A proxy that knows these hosts, and what may be told of containers that arrive. */
async function proxyOf(hosts: readonly HostEntry[], options: TestProxyOptions = {}, script: Script = ok) {
  const backend = await startBackend(script);
  const limits = { holdTimeout: 5_000, ...options.limits };
  const { proxy, port, close } = await startProxy(hosts, { ...options, limits });
  ends.push(backend.close, close);
  let position = 1;
  const apply = (entry: HostEntry): void => {
    position += 1;
    proxy.apply({ position: position as Position, hosts: [entry] });
  };
  return {
    proxy,
    port,
    apply,
    backend,
    arrive: (key: string, ...names: string[]) => proxy.arriving({ key, hosts: names as Host[] }),
    over: (key: string) => proxy.arriving({ key, hosts: [] }),
    open: (name = host) => apply(entryOf(name, [routeOf([targetOf(backend, 'web')])])),
    held: (count: number) => until(() => proxy.open() === count, `${count} held`),
  };
}

describe('a request for a host', () => {
  test('that is down while its container starts waits, and is answered by it', async () => {
    const { port, arrive, open, over, held } = await proxyOf([down(host)]);
    arrive('web', host);
    const answer = ask(port, get);
    await held(1);
    open();
    expect((await answer).status).toBe(200);
    over('web');
  });
  test('that nobody knows waits while the container that will ask for it is made, and then started', async () => {
    const { port, arrive, apply, open, held } = await proxyOf([]);
    arrive('web', host);
    const answer = ask(port, get);
    await held(1);
    apply(down(host));
    arrive('web', host, 'shop.test');
    open();
    expect((await answer).status).toBe(200);
  });
  test('is answered as things are once its container has arrived without opening it', async () => {
    const { port, arrive, over, held, backend } = await proxyOf([down(host)]);
    arrive('web', host);
    arrive('new', 'other.test');
    const answers = [ask(port, get), ask(port, get.replace(host, 'other.test'))];
    await held(2);
    over('web');
    expect(await answers[0]).toMatchObject({ status: 503, body: expect.stringContaining('is down.') });
    over('new');
    expect((await answers[1])!.status).toBe(404);
    expect(backend.requests).toEqual([]);
  });
  test('that the container turns out not to ask for is answered at once', async () => {
    const { port, arrive, held } = await proxyOf([]);
    arrive('web', host, 'other.test');
    const answer = ask(port, get.replace(host, 'other.test'));
    await held(1);
    arrive('web', host);
    expect((await answer).status).toBe(404);
  });
  test('waits until the last of the containers that may be it has arrived', async () => {
    const { port, arrive, over, open, held } = await proxyOf([down(host)]);
    arrive('one', host);
    arrive('two', host);
    const answer = ask(port, get);
    await held(1);
    over('one');
    expect((await ask(port, get.replace(host, 'other.test'))).status).toBe(404);
    open();
    expect((await answer).status).toBe(200);
  });
  test('waits only so long', async () => {
    const { port, arrive } = await proxyOf([down(host)], { limits: { holdTimeout: 100 } });
    arrive('web', host, 'other.test');
    expect((await ask(port, get)).status).toBe(503);
    expect((await ask(port, get.replace(host, 'other.test'))).status).toBe(404);
  });
  test('does not wait where waiting is switched off', async () => {
    const { port, arrive } = await proxyOf([down(host)], { limits: { holdTimeout: 0 } });
    arrive('web', host);
    expect((await ask(port, get)).status).toBe(503);
  });
  test('that no container asks for which arrives, that is served, or whose path is ambiguous does not wait', async () => {
    const shop = 'shop.test';
    const { port, arrive, apply, backend } = await proxyOf([down(host)]);
    apply(entryOf(shop, [routeOf([targetOf(backend)], '/api'), routeOf([], '/old', 'old is down.')]));
    arrive('shop', shop);
    expect((await ask(port, get)).status).toBe(503);
    expect((await ask(port, get.replace(host, 'other.test'))).status).toBe(404);
    expect((await ask(port, `GET /api HTTP/1.1\r\nHost: ${shop}\r\n\r\n`)).status).toBe(200);
    expect((await ask(port, `GET /api/%2e%2e/x HTTP/1.1\r\nHost: ${shop}\r\n\r\n`)).status).toBe(400);
  });
  test('of which only one path has an upstream waits for another one that arrives', async () => {
    const { port, arrive, apply, backend, held } = await proxyOf([]);
    const api = routeOf([targetOf(backend)], '/api');
    apply(entryOf(host, [api]));
    arrive('web', host);
    const answer = ask(port, get);
    await held(1);
    apply(entryOf(host, [api, routeOf([targetOf(backend)])]));
    expect((await answer).status).toBe(200);
  });
  test('does not wait where addresses may belong to others, nor go on waiting once they may', async () => {
    const { proxy, port, arrive, held } = await proxyOf([down(host)]);
    arrive('web', host);
    const answer = ask(port, get);
    await held(1);
    proxy.setTrust('distrusted');
    expect((await answer).status).toBe(503);
    expect((await ask(port, get)).status).toBe(503);
  });
  test('in whose turn nothing arrives any more is answered at once', async () => {
    const { port, arrive, over } = await proxyOf([]);
    arrive('web', host);
    over('web');
    over('never told of');
    expect((await ask(port, get)).status).toBe(404);
  });
  test('goes on with a whole new table', async () => {
    const { proxy, port, arrive, backend, held } = await proxyOf([]);
    arrive('new', host);
    const answer = ask(port, get);
    await held(1);
    const hosts = [entryOf(host, [routeOf([targetOf(backend)])])];
    proxy.replace({ position: 2 as Position, trust: 'confirmed', hosts });
    expect((await answer).status).toBe(200);
  });
});

test('a request for a WebSocket waits, too', async () => {
  const { proxy, port, arrive, open } = await proxyOf([down(host)], {}, (_, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  });
  arrive('web', host);
  const client = await openClient(port);
  client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  await until(() => proxy.counters().upgrades === 1, 'it has come');
  expect(client.received()).toBe('');
  open();
  expect((await client.answer()).status).toBe(101);
  client.close();
});

test('a proxy that ends lets all go that wait, and holds no others', async () => {
  const { proxy, port, arrive, held } = await proxyOf([down(host)]);
  arrive('web', host);
  const answer = ask(port, get);
  await held(1);
  proxy.startClosing();
  expect((await within(answer, 'the one that waited')).status).toBe(503);
  expect((await within(ask(port, get), 'a later one')).status).toBe(503);
});
