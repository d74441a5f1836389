/** Hazard: thousands of clients that never finish their request heads, so that nobody else is served. */
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { descriptorLimit } from '../../src/proxy/limits.ts';
import { entryOf, routeOf, startProxy, type TestProxy, targetOf } from '../proxy/in-process.ts';
import { ask, ok, type RawBackend, startBackend, until } from '../support/raw-http.ts';
import { H, host } from './cases.ts';

/** Both ends are in this process. */
const affordable = Math.floor(((descriptorLimit() ?? 4_000) - 600) / 2);
const attackers = Math.min(2_000, affordable);
const headersTimeout = 4_000;

let backend: RawBackend;
let proxy: TestProxy;
const slow: Socket[] = [];

beforeAll(async () => {
  backend = await startBackend();
  backend.script = ok;
  proxy = await startProxy([entryOf(host, [routeOf([targetOf(backend)])])], { limits: { headersTimeout } });
});
afterAll(async () => {
  for (const socket of slow) socket.destroy();
  await proxy.close();
  await backend.close();
});

test(`${attackers} slow heads leave others alone, and are ended in time`, async () => {
  let ended = 0;
  for (let count = 0; count < attackers; count++) {
    const socket = connect({ port: proxy.port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.on('close', () => {
      ended += 1;
    });
    socket.write('GET / HTTP/1.1\r\nX-A: ');
    slow.push(socket);
    // Not all at once: the queue of those who wait to be accepted is 511 long.
    if (count % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const drip = setInterval(() => {
    for (const socket of slow) if (!socket.destroyed) socket.write('b');
  }, 500);
  try {
    await until(() => proxy.proxy.connections() >= attackers * 0.9 || ended > 0, 'the slow ones', 20_000);
    for (let count = 0; count < 50; count++) {
      const { status } = await ask(proxy.port, `GET /${count} HTTP/1.1\r\n${H}\r\n`);
      expect(status).toBe(200);
    }
    await until(() => ended === attackers, `the end of all ${attackers}`, 60_000);
  } finally {
    clearInterval(drip);
  }
  // None of them reached a backend.
  expect(backend.requests.every(({ line }) => /^GET \/\d+ /.test(line))).toBe(true);
  expect((await ask(proxy.port, `GET / HTTP/1.1\r\n${H}\r\n`)).status).toBe(200);
});
