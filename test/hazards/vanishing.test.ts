/** Hazard: clients that leave in a way that nobody notices: each would hold two connections for ever. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Target } from '../../src/events/decisions.ts';
import { targetKey } from '../../src/routing/table.ts';
import { entryOf, routeOf, startProxy, targetOf } from '../proxy/in-process.ts';
import { freePort } from '../support/free-port.ts';
import { openClient, reply, type Script, until } from '../support/raw-http.ts';
import { H, host } from './cases.ts';
import { routeOfEach } from './one-route.ts';

const { start, ends } = routeOfEach();

const get = `GET / HTTP/1.1\r\n${H}\r\n`;
const upgrade = `GET / HTTP/1.1\r\n${H}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
const switched = reply(
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
);

describe('a client that asked for a WebSocket', () => {
  test('and ends its half before the answer: the upstream is let go', async () => {
    const [backend, proxy] = await start(() => undefined);
    const client = await openClient(proxy.port);
    client.send(upgrade);
    await until(() => backend.requests.length === 1, 'the request');
    client.socket.end();
    await until(() => backend.sockets.size === 0, 'the upstream is let go');
    await until(() => proxy.proxy.connections() === 0, 'the client, too');
  });
  test('and ends its half in the middle of an answer that is none: the upstream is let go', async () => {
    const [backend, proxy] = await start(reply('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhi'));
    const client = await openClient(proxy.port);
    client.send(`${upgrade}and what it takes for a frame`);
    await until(() => client.received().endsWith('hi'), 'the beginning');
    client.socket.end();
    await until(() => backend.sockets.size === 0, 'the upstream is let go');
    await until(() => proxy.proxy.connections() === 0, 'the client, too');
  });
  test('and does not read an answer that is none: it is reset in the end, and the upstream let go', async () => {
    const size = 64 * 1024 * 1024;
    const endless: Script = (_, socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      socket.write(Buffer.alloc(size));
    };
    const [backend, proxy] = await start(endless, { limits: { idleTimeout: 200 } });
    const client = await openClient(proxy.port);
    client.socket.pause();
    client.send(upgrade);
    await until(() => backend.requests.length === 1, 'the request');
    await until(() => backend.sockets.size === 0, 'the upstream is let go');
    await until(() => proxy.proxy.connections() === 0, 'the client, too');
    client.close();
  });
});

describe('a client that resets its connection in the middle of an upload that is not read', () => {
  test('as the upstream takes nothing: the upstream is let go', async () => {
    const stuck = createServer({ pauseOnConnect: true });
    stuck.listen(0, '127.0.0.1');
    await once(stuck, 'listening');
    const { port, address } = stuck.address() as AddressInfo;
    ends.push(async () => void stuck.close());
    const target = targetOf({ port, address });
    await leaveAsNobodyReads(target);
  });
  test('as the container has just started, and does not accept yet: it is waited for no longer', async () => {
    const port = await freePort();
    await leaveAsNobodyReads(targetOf({ port, address: '127.0.0.1' }, 'web', new Date().toISOString()));
  });
});

/** Nothing else ends the exchange while the test waits. */
async function leaveAsNobodyReads(target: Target): Promise<void> {
  const patient = { firstByteTimeout: 60_000, idleTimeout: 60_000, startGrace: 60_000 };
  const proxy = await startProxy([entryOf(host, [routeOf([target])])], { limits: patient });
  ends.push(proxy.close);
  const client = await openClient(proxy.port);
  const { socket } = client;
  // More than all buffers on the way take.
  const part = Buffer.alloc(64 * 1024);
  client.send(`POST / HTTP/1.1\r\n${H}Content-Length: ${500 * part.length}\r\n\r\n`);
  for (let count = 0; count < 500; count += 1) socket.write(part);
  const taken = (): number => socket.bytesWritten - socket.writableLength;
  for (let before = -1; before < taken(); ) {
    before = taken();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(socket.writableLength).toBeGreaterThan(0);
  expect([proxy.proxy.open(), proxy.proxy.connections()]).toEqual([1, 1]);
  socket.resetAndDestroy();
  await until(() => proxy.proxy.open() === 0, 'the end of the exchange');
  await until(() => !proxy.proxy.busy(targetKey(target)), 'the upstream is let go');
  await until(() => proxy.proxy.connections() === 0, 'the client, too');
}

/** Of the kernel's timers, `02` is the one that asks a silent peer (Linux, proc_net_tcp). */
function isAsked(port: number, clientPort: number): boolean {
  const hex = (value: number): string => value.toString(16).toUpperCase().padStart(4, '0');
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  const row = rows.find((one) => one.includes(`:${hex(port)} `) && one.includes(`:${hex(clientPort)} 01 `));
  return row !== undefined && row.trim().split(/\s+/)[5]!.startsWith('02:');
}

describe.runIf(process.platform === 'linux')(
  'a client that may be silent for hours is asked whether it is there',
  () => {
    const silent: Readonly<Record<string, readonly [Script, string]>> = {
      'a stream of events': [reply('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'), get],
      'a WebSocket': [switched, upgrade],
    };
    for (const [name, [script, request]] of Object.entries(silent))
      test(name, async () => {
        const [, proxy] = await start(script);
        const client = await openClient(proxy.port);
        client.send(request);
        await until(() => client.received().endsWith('\r\n\r\n'), 'the head');
        expect(isAsked(proxy.port, client.socket.localPort!)).toBe(true);
        client.close();
      });
  },
);
