/** Hazard: clients that leave in a way that nobody notices: each would hold two connections for ever. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openClient, reply, type Script, until } from '../support/raw-http.ts';
import { H } from './cases.ts';
import { routeOfEach } from './one-route.ts';

const { start } = routeOfEach();

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
