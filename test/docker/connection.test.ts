/** Connections of each kind, and what the environment must not do to them. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type net from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseEngineAddress } from '../../src/docker/address.ts';
import { callEngine, readEngine } from '../../src/docker/call.ts';
import { type Connections, createConnections } from '../../src/docker/connection.ts';
import { EngineError } from '../../src/docker/engine.ts';
import { locateEngineHost } from '../../src/docker/engine-host.ts';
import { identify } from '../../src/docker/identify.ts';
import { json, type RawEngine, rawInfo, startRawEngine } from './raw-engine.ts';

let folder: string;
let engine: RawEngine;
const open: { close(): unknown }[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portolan-connection-'));
  engine = await startRawEngine();
});
afterEach(async () => {
  for (const { close } of open.splice(0)) close();
  await engine.down();
  rmSync(folder, { recursive: true });
});

function connect(host: string, env: Record<string, string> = {}): Connections {
  const connections = createConnections(parseEngineAddress(host, env));
  open.push(connections);
  return connections;
}
const idAt = async (connections: Connections) => (await identify(connections.reading, 5_000)).info.id;

async function listen(server: http.Server | net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({ close: () => server.close() });
  return (server.address() as AddressInfo).port;
}

const answerAsEngine: http.RequestListener = (request, response) =>
  json(response, 200, request.url === '/info' ? rawInfo('BY-TCP') : { Version: '1', ApiVersion: '1.41' });

it('reaches an engine by its unix socket', async () => {
  expect(await idAt(connect(engine.host))).toBe('RAW');
});

it('is one word to whom it is printed: docker-modem prints it with each call, for nobody', async () => {
  const connections = connect(engine.host);
  await idAt(connections);
  for (const client of [connections.reading, connections.people, connections.writing, connections.events]) {
    const { agent } = client.modem as unknown as { agent: unknown };
    expect(inspect(agent, { showHidden: true, depth: null })).toBe('Agent');
  }
});

it('reaches an engine by TCP', async () => {
  const port = await listen(http.createServer(answerAsEngine));
  expect(await idAt(connect(`tcp://127.0.0.1:${port}`))).toBe('BY-TCP');
});

it('goes to the engine it was given, whatever DOCKER_HOST says', async () => {
  const before = process.env['DOCKER_HOST'];
  process.env['DOCKER_HOST'] = 'tcp://127.0.0.1:1';
  try {
    expect(await idAt(connect(engine.host))).toBe('RAW');
  } finally {
    if (before === undefined) delete process.env['DOCKER_HOST'];
    else process.env['DOCKER_HOST'] = before;
  }
});

it('reaches an engine by TLS with a client certificate, and refuses one that cannot prove itself', async () => {
  const certificates = join(import.meta.dirname, 'tls');
  const file = (name: string) => readFileSync(join(certificates, name));
  const options = {
    ca: file('ca.pem'),
    cert: file('server.pem'),
    key: file('server-key.pem'),
    requestCert: true,
  };
  const port = await listen(https.createServer(options, answerAsEngine));
  const verified = { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certificates };
  expect(await idAt(connect(`tcp://127.0.0.1:${port}`, verified))).toBe('BY-TCP');
  // The certificate is for 127.0.0.1 only.
  await expect(idAt(connect(`tcp://localhost:${port}`, verified))).rejects.toMatchObject({
    status: 503,
    message: 'the engine cannot be reached: its certificate is for another name (server)',
  });
  expect(await idAt(connect(`tcp://localhost:${port}`, { DOCKER_CERT_PATH: certificates }))).toBe('BY-TCP');
});

it('says what to mend where its certificate is of another authority, or it speaks no TLS', async () => {
  const file = (name: string) => readFileSync(join(import.meta.dirname, 'tls', name));
  for (const name of ['cert.pem', 'key.pem']) writeFileSync(join(folder, name), file(name));
  // The authority of somebody else.
  writeFileSync(join(folder, 'ca.pem'), file('cert.pem'));
  const env = { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder };
  const options = { cert: file('server.pem'), key: file('server-key.pem') };
  const foreign = await listen(https.createServer(options, answerAsEngine));
  await expect(idAt(connect(`tcp://127.0.0.1:${foreign}`, env))).rejects.toMatchObject({
    status: 503,
    message: 'the engine cannot be reached: its certificate was not signed by an authority in ca.pem',
    hint: expect.stringContaining('DOCKER_CERT_PATH'),
  });
  const plain = await listen(http.createServer(answerAsEngine));
  await expect(idAt(connect(`tcp://127.0.0.1:${plain}`, env))).rejects.toMatchObject({
    status: 503,
    message: 'the engine cannot be reached: what listens there does not speak TLS',
    hint: expect.stringContaining('unset DOCKER_TLS_VERIFY'),
  });
});

it('an engine that speaks TLS, asked without, is told as that', async () => {
  const words = 'Client sent an HTTP request to an HTTPS server.\n';
  const port = await listen(http.createServer((_, response) => response.writeHead(400).end(words)));
  await expect(idAt(connect(`tcp://127.0.0.1:${port}`))).rejects.toMatchObject({
    status: 503,
    hint: expect.stringContaining('DOCKER_TLS_VERIFY=1'),
  });
});

it("reaches an engine by the system's ssh, many calls over one connection", async () => {
  useFakeSsh(folder, `exec "${process.execPath}" "${join(folder, 'dial.cjs')}" "$@"`);
  const script = `require('node:fs').appendFileSync(${JSON.stringify(join(folder, 'calls'))}, process.argv.slice(2).join(' ') + '\\n');
    const socket = require('node:net').connect(${JSON.stringify(engine.host.slice('unix://'.length))});
    process.stdin.pipe(socket).pipe(process.stdout);`;
  writeFileSync(join(folder, 'dial.cjs'), script);
  const connections = connect('ssh://deploy@engine.example:2222');
  expect(await idAt(connections)).toBe('RAW');
  for (let n = 0; n < 5; n++) expect(await idAt(connections)).toBe('RAW');
  const calls = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
  expect(calls.length).toBeLessThanOrEqual(2);
  expect(calls[0]).toMatch(/-T -l deploy -p 2222 -- engine\.example docker system dial-stdio$/);
});

it("knows a host by the address that ssh's own configuration gives its name", async () => {
  useFakeSsh(
    folder,
    '[ "$*" = "-G -l deploy -- box" ] && printf "user deploy\\nhostname 127.0.0.9\\nport 22\\n"',
  );
  expect(await locateEngineHost(parseEngineAddress('ssh://deploy@box', {}))).toBe('127.0.0.9');
});

it("says what ssh said when it cannot connect, and doesn't end the process", async () => {
  useFakeSsh(folder, 'echo "Permission denied (publickey)." >&2; exit 255');
  await expect(idAt(connect('ssh://engine.example'))).rejects.toMatchObject({
    status: 503,
    message: expect.stringContaining('Permission denied'),
  });
});

it.each([
  ['unix:///nonexistent/docker.sock', 'is the engine running'],
  ['tcp://127.0.0.1:1', 'is the engine running'],
  ['tcp://no-such-host.invalid:2375', 'does not resolve'],
])('%s is 503 at once, with a hint', async (host, hint) => {
  const failure = await idAt(connect(host)).catch((error: EngineError) => error);
  expect(failure).toBeInstanceOf(EngineError);
  expect(failure).toMatchObject({ status: 503, hint: expect.stringContaining(hint) });
});

it('an engine that accepts and never answers is 504 after the deadline', async () => {
  engine.answer('/info', () => undefined);
  await expect(identify(connect(engine.host).reading, 50)).rejects.toMatchObject({ status: 504 });
});

it('a read on a connection that the engine has just closed is sent again, a change never', async () => {
  const { reading, writing } = connect(engine.host);
  let resets = 0;
  const reset: http.RequestListener = (request) => {
    resets += 1;
    request.socket.destroy();
    if (resets === 1) engine.answer('/version', null);
  };
  engine.answer('/version', reset);
  await readEngine({ deadline: 1_000 }, () => reading.version());
  expect(resets).toBe(1);
  engine.answer('/containers/web/start', reset);
  await expect(
    callEngine({ deadline: 1_000 }, () => writing.getContainer('web').start()),
  ).rejects.toMatchObject({ status: 503 });
  expect(resets).toBe(2);
});

it("a command's connections are not those of the event stream or of inspections", async () => {
  const connections = connect(engine.host);
  await idAt(connections);
  const before = engine.connections();
  engine.answer('/containers/web/start', (_, response) => response.writeHead(204).end());
  await callEngine({ deadline: 1_000 }, () => connections.writing.getContainer('web').start());
  expect(engine.connections()).toBe(before + 1);
});

function useFakeSsh(directory: string, body: string): void {
  const path = join(directory, 'ssh');
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  const before = process.env['PATH'];
  process.env['PATH'] = `${directory}:${before}`;
  open.push({
    close() {
      process.env['PATH'] = before;
    },
  });
}
