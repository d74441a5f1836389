/** Does memory stay flat while a large body passes? 5 GiB down, then 5 GiB up, through one worker; `--gib N` for less. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { gib: { type: 'string', default: '5' } } });
const bytes = Number(values.gib) * 1024 ** 3;
const piece = Buffer.alloc(256 * 1024, 'x');

function* pieces(): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= piece.length) yield piece;
}

const backend = http.createServer((req, res) => {
  if (req.method === 'GET') {
    res.writeHead(200, { 'Content-Length': bytes });
    pipeline(Readable.from(pieces()), res).catch(() => undefined);
    return;
  }
  let received = 0;
  req.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  req.on('end', () => res.end(String(received)));
});
await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
const backendPort = (backend.address() as AddressInfo).port;
const port = await freePort();
const host = 'large.bench';
const program = join(import.meta.dirname, 'support/proxy-alone.ts');
const proxy = spawn(
  process.execPath,
  ['--max-semi-space-size=4', program, host, String(port), String(backendPort), String(backendPort), '1'],
  { stdio: 'inherit', env: { ...process.env, MALLOC_ARENA_MAX: '2' } },
);

/** Megabytes. */
const resident = (): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${proxy.pid}/status`, 'utf8'))![1]) / 1024;

async function passing(title: string, exchange: () => Promise<number>): Promise<void> {
  const before = resident();
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, resident());
  }, 50);
  const began = performance.now();
  const passed = await exchange();
  clearInterval(watch);
  if (passed !== bytes) throw new Error(`${passed} bytes came, not ${bytes}`);
  const seconds = (performance.now() - began) / 1_000;
  console.log(
    `${title}: ${values.gib} GiB in ${seconds.toFixed(1)} s, resident ${before.toFixed(0)} MB before, ${most.toFixed(0)} MB at most (+${(most - before).toFixed(0)})`,
  );
}

function request(
  method: string,
  length = 0,
): { req: http.ClientRequest; answer: Promise<http.IncomingMessage> } {
  const headers = { host, ...(length > 0 ? { 'Content-Length': length } : {}) };
  const req = http.request({ host: '127.0.0.1', port, method, headers });
  const answer = new Promise<http.IncomingMessage>((resolve, reject) => {
    req.once('response', resolve).once('error', reject);
  });
  return { req, answer };
}

async function download(): Promise<number> {
  const { req, answer } = request('GET');
  req.end();
  let received = 0;
  for await (const chunk of await answer) received += (chunk as Buffer).length;
  return received;
}

async function upload(): Promise<number> {
  const { req, answer } = request('POST', bytes);
  await pipeline(Readable.from(pieces()), req);
  let text = '';
  for await (const chunk of await answer) text += String(chunk);
  return Number(text);
}

async function freePort(): Promise<number> {
  const server = http.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: free } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return free;
}

try {
  // Warm, as a proxy is that has served for a while.
  for (let turn = 0; turn < 100; turn += 1) {
    const { req, answer } = request('HEAD');
    req.end();
    await answer.then((response) => response.resume()).catch(() => sleep(50));
  }
  await passing('download', download);
  await passing('upload', upload);
} finally {
  proxy.kill();
  backend.closeAllConnections();
  backend.close();
}
