/** Targets that fail: taken out, probed, taken back; asked by path where a label says so; never all of them. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Traffic } from '../../src/events/decisions.ts';
import type { Position } from '../../src/events/ids.ts';
import { ask, ok, type RawBackend, type Script, startBackend, until } from '../support/raw-http.ts';
import { entryOf, routeOf, startProxy, type TestProxy, targetOf } from './in-process.ts';

const host = 'web.docker.localhost';
const get = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const backendOf = async (script: Script = ok, port = 0): Promise<RawBackend> => {
  const backend = await startBackend(script, '127.0.0.1', port);
  ends.push(backend.close);
  return backend;
};
/** A port that nobody listens on. */
const closedPort = async (): Promise<number> => {
  const backend = await startBackend();
  await backend.close();
  return backend.port;
};
const serve = async (ports: readonly number[], health: Traffic['health'] = null): Promise<TestProxy> => {
  const targets = ports.map((port, at) => targetOf({ port, address: '127.0.0.1' }, `web-${at}`));
  const traffic: Traffic = { balance: 'round-robin', sticky: false, health };
  const proxy = await startProxy([entryOf(host, [{ ...routeOf(targets), traffic }])]);
  ends.push(proxy.close);
  return proxy;
};
const statuses = async (proxy: TestProxy, count: number, bytes = get): Promise<number[]> => {
  const seen: number[] = [];
  for (let at = 0; at < count; at++) seen.push((await ask(proxy.port, bytes)).status);
  return seen;
};
const eventually = async (what: string, look: () => Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 15_000;
  while (!(await look())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within 15 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

describe('a target that takes no connections', () => {
  test('is out after three failures, no request of which fails, and back when it listens', async () => {
    const well = await backendOf();
    const port = await closedPort();
    const proxy = await serve([well.port, port]);
    expect(await statuses(proxy, 30)).toEqual(Array(30).fill(200));
    expect(proxy.proxy.counters().retries).toBe(3);
    const late = await backendOf(ok, port);
    await eventually('it is asked again', async () => {
      expect(await statuses(proxy, 2)).toEqual([200, 200]);
      return late.requests.length > 0;
    });
  });

  test('is never taken out where it is the last: it answers as soon as it listens', async () => {
    const port = await closedPort();
    const proxy = await serve([port]);
    expect(await statuses(proxy, 6)).toEqual(Array(6).fill(502));
    await backendOf(ok, port);
    expect(await statuses(proxy, 2)).toEqual([200, 200]);
  });

  test('counts no failures of before it answered', async () => {
    const well = await backendOf();
    let calls = 0;
    // Every third connection is answered: never three failures in a row.
    const shaky = await backendOf((request, socket, backend) => {
      calls += 1;
      if (calls % 3 === 0) ok(request, socket, backend);
      else socket.destroy();
    });
    const proxy = await serve([well.port, shaky.port]);
    const seen = await statuses(
      proxy,
      24,
      get.replace('GET', 'POST').replace('\r\n\r\n', '\r\nContent-Length: 0\r\n\r\n'),
    );
    expect(seen.filter((status) => status === 502)).toHaveLength(8);
    expect(shaky.requests).toHaveLength(12);
  });
});

test('a target that closes without an answer is out after three failures, and for longer each time', async () => {
  const well = await backendOf();
  const broken = await backendOf((_, socket) => void socket.destroy());
  const proxy = await serve([well.port, broken.port]);
  const seen = await statuses(proxy, 20);
  // Slowly as this may go, it is asked less than its turns would have it.
  const failed = seen.filter((status) => status === 502).length;
  expect(failed).toBeGreaterThanOrEqual(3);
  expect(failed).toBeLessThan(10);
  await eventually('it is tried once more after the probe', async () => {
    await statuses(proxy, 2);
    return broken.requests.length > failed;
  });
  // One more failure was enough to take it out.
  await statuses(proxy, 10);
  expect(broken.requests.length).toBeLessThan(failed + 4);
});

describe('a health path', () => {
  const health = { path: '/healthz', interval: 500, timeout: 1_000, threshold: 2 };
  test('that answers badly takes its target out, and back in when it answers well', async () => {
    const well = await backendOf();
    let status = 503;
    const ill = await backendOf((request, socket, backend) => {
      if (!request.line.includes('/healthz')) ok(request, socket, backend);
      else socket.write(`HTTP/1.1 ${status} Whatever\r\nContent-Length: 0\r\n\r\n`);
    });
    const served = (): number => ill.requests.filter(({ line }) => line.startsWith('GET / ')).length;
    const checks = (): number => ill.requests.filter(({ line }) => line.includes('/healthz')).length;
    const proxy = await serve([well.port, ill.port], health);
    await until(() => checks() >= 3, 'three checks', 15_000);
    const before = served();
    expect(await statuses(proxy, 10)).toEqual(Array(10).fill(200));
    expect(served()).toBe(before);
    expect(ill.requests[0]!.field('host')).toBe(host);
    status = 204;
    await eventually('it is asked again', async () => {
      await statuses(proxy, 2);
      return served() > before;
    });
  });

  test('is asked no more once its target has left the table', async () => {
    const backend = await backendOf();
    const proxy = await serve([backend.port], health);
    await until(() => backend.requests.length > 0, 'a check', 10_000);
    proxy.proxy.apply({ position: 2 as Position, hosts: [entryOf(host, [])] });
    const before = backend.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(backend.requests.length - before).toBeLessThanOrEqual(1);
  });
});
