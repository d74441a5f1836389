/** What does an idle WebSocket cost in memory? Through one worker, `--count 4000` of them; their ends are in other processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { count: { type: 'string', default: '4000' } } });
const count = Number(values.count);
const host = 'idle.bench';

const backend = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.once('data', () =>
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
    ),
  );
});
backend.listen(0, '127.0.0.1');
await once(backend, 'listening');
const backendPort = (backend.address() as AddressInfo).port;
const free = createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address() as AddressInfo;
await new Promise((resolve) => free.close(resolve));
const proxy = spawn(
  process.execPath,
  [
    '--max-semi-space-size=4',
    join(import.meta.dirname, 'support/proxy-alone.ts'),
    host,
    String(port),
    String(backendPort),
    String(backendPort),
    '1',
  ],
  { stdio: 'inherit', env: { ...process.env, MALLOC_ARENA_MAX: '2' } },
);

/** Kilobytes. */
const resident = (): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${proxy.pid}/status`, 'utf8'))![1]);

const request = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;

async function open(): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  socket.write(request);
  const [head] = (await once(socket, 'data')) as [Buffer];
  if (!head.toString().startsWith('HTTP/1.1 101')) throw new Error(head.toString());
  return socket;
}

const sockets: Socket[] = [];
try {
  for (let turn = 0; turn < 100; turn += 1) {
    const first = await open().catch(() => sleep(50));
    if (first) {
      first.destroy();
      break;
    }
  }
  // Warm, so that code and pools are not counted.
  for (let turn = 0; turn < 200; turn += 1) (await open()).destroy();
  await sleep(1_000);
  const before = resident();
  while (sockets.length < count) sockets.push(...(await Promise.all(Array.from({ length: 50 }, open))));
  await sleep(3_000);
  const after = resident();
  console.log(
    `${count} idle WebSockets: resident ${Math.round(before / 1024)} MB before, ${Math.round(after / 1024)} MB with them, ${((after - before) / count).toFixed(1)} kB each`,
  );
} finally {
  for (const socket of sockets) socket.destroy();
  proxy.kill();
  backend.close();
}
