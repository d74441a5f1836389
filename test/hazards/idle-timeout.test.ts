/** Hazard: an upstream closes its idle connection just as a request goes out on it. `IDLE_TRIES` sets how many tries. */
import type { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { entryOf, routeOf, startProxy, targetOf } from '../proxy/in-process.ts';
import { ask, startBackend } from '../support/raw-http.ts';
import { host } from './cases.ts';

const tries = Number(process.env['IDLE_TRIES'] ?? 300);
/** Milliseconds for which the upstream keeps an idle connection. */
const idle = 15;
const visitors = 10;

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

test(`around the idle time-out of an upstream: no GET fails, and no POST is sent twice`, async () => {
  const timers = new WeakMap<Socket, NodeJS.Timeout>();
  const times = new Map<string, number>();
  const close = [
    (socket: Socket) => socket.destroy(),
    (socket: Socket) => socket.end(),
    (socket: Socket) => socket.resetAndDestroy(),
  ];
  const backend = await startBackend((request, socket) => {
    clearTimeout(timers.get(socket));
    times.set(request.line, (times.get(request.line) ?? 0) + 1);
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    const way = close[Math.floor(Math.random() * close.length)]!;
    timers.set(socket, setTimeout(way, idle, socket));
  });
  const hosts = Array.from({ length: visitors }, (_, at) => `v${at}.${host}`);
  // A container each: otherwise they would take each other's connections.
  const proxy = await startProxy(
    hosts.map((one, at) => entryOf(one, [routeOf([targetOf(backend, `v${at}`)])])),
  );
  ends.push(backend.close, proxy.close);

  const outcomes = { get: 0, failedGets: 0, post: 0, failedPosts: 0 };
  await Promise.all(
    hosts.map(async (visitor, at) => {
      for (let round = at; round < tries; round += visitors) {
        const isPost = round % 3 === 0;
        const body = isPost ? 'Content-Length: 3\r\n\r\nabc' : '\r\n';
        const line = `${isPost ? 'POST' : 'GET'} /${round} HTTP/1.1`;
        const { status } = await ask(proxy.port, `${line}\r\nHost: ${visitor}\r\n${body}`);
        outcomes[isPost ? 'post' : 'get'] += 1;
        if (status !== 200) outcomes[isPost ? 'failedPosts' : 'failedGets'] += 1;
        await new Promise((resolve) => setTimeout(resolve, idle - 6 + (round % 7)));
      }
    }),
  );
  expect(outcomes.get + outcomes.post).toBe(tries);
  expect(outcomes.failedGets).toBe(0);
  expect([...times].filter(([line, count]) => line.startsWith('POST') && count > 1)).toEqual([]);
  process.stderr.write(
    `around the idle time-out: ${JSON.stringify(outcomes)}, ${backend.connections()} connections\n`,
  );
}, 300_000);
