/** A Portolan of its own for a test: the real command as a process of its own, on ports and a data folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface Portolan {
  readonly process: ChildProcess;
  readonly dataDir: string;
  readonly port: number;
  readonly apiPort: number;
  /** Lines of its log, parsed. */
  readonly log: readonly Record<string, unknown>[];
  /** A request through the proxy. */
  get(host: string, path?: string, headers?: http.OutgoingHttpHeaders): Promise<Answer>;
  /** Asks again and again until a request is answered with this status. @returns the body */
  answers(host: string, status: number, path?: string): Promise<string>;
  /** A call to the API, with the token. */
  api(method: string, path: string, body?: unknown, headers?: http.OutgoingHttpHeaders): Promise<Answer>;
  json<T = Record<string, unknown>>(path: string): Promise<T>;
  /** All events of a type, or all. */
  events(type?: string): Promise<LoggedEvent[]>;
  kill(): Promise<void>;
  /** @returns the exit code */
  stop(): Promise<number | null>;
}

export interface LoggedEvent {
  readonly position: number;
  readonly id: string;
  readonly type: string;
  readonly inferred: boolean;
  readonly engineId: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: read in many shapes by tests
  readonly data: any;
}

export interface StartOptions {
  readonly dockerHost: string;
  readonly dataDir?: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Another `portolan.cjs` than the one of this checkout. */
  readonly program?: string;
  /** On the simulated engine: its containers have loopback addresses. */
  readonly simulated?: boolean;
  /** Milliseconds that it may take until it serves; 20 s if not given. */
  readonly patience?: number;
}

/** What is not under `/api/v1`. */
const outside = new Set(['/healthz', '/readyz', '/metrics', '/openapi.json', '/docs', '/']);
const command = new URL('../../bin/portolan.cjs', import.meta.url).pathname;
const simulated = new URL('../../src/engine-simulator/serve.ts', import.meta.url).pathname;
const started = new Set<ChildProcess>();
const folders = new Set<string>();
// Whoever ends without `cleanUp`, a benchmark that has failed, leaves none behind.
process.once('exit', () => {
  for (const child of started) child.kill('SIGKILL');
});

export function makeDataDir(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portolan-e2e-'));
  folders.add(folder);
  return folder;
}

/** Ends what tests left running, and removes their folders. For `afterEach`. */
export async function cleanUp(): Promise<void> {
  for (const child of started) {
    if (child.exitCode === null && child.signalCode === null) await end(child, 'SIGKILL');
  }
  started.clear();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}

/** Resolves when it serves; fails with what it printed if it ends before. */
export async function startPortolan(options: StartOptions): Promise<Portolan> {
  const dataDir = options.dataDir ?? makeDataDir();
  const { child, log, printed } = launch({ ...options, dataDir });
  const serving = await within(options.patience ?? 20_000, 'Portolan to serve', async () => {
    if (child.exitCode !== null) throw new Error(`Portolan ended with ${child.exitCode}`);
    return log.find((line) => line['msg'] === 'serving');
  }).catch((error: Error) => {
    throw new Error(`${error.message}; it printed: ${printed()}`);
  });
  const port = (serving['proxy'] as { port: number }[])[0]!.port;
  const apiPort = Number(new URL(serving['api'] as string).port);
  const token = (): string => readFileSync(join(dataDir, 'token'), 'utf8').trim();
  const api: Portolan['api'] = (method, path, body, headers) =>
    request({
      port: apiPort,
      method,
      path: outside.has(path) || path.startsWith('/api') ? path : `/api/v1${path}`,
      headers: {
        Host: `127.0.0.1:${apiPort}`,
        Authorization: `Bearer ${token()}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  const json: Portolan['json'] = async (path) => {
    const answer = await api('GET', `/api/v1${path}`);
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body);
  };
  return {
    process: child,
    dataDir,
    port,
    apiPort,
    log,
    get: (host, path = '/', headers = {}) =>
      request({ port, method: 'GET', path, headers: { Host: host, ...headers }, body: undefined }),
    api,
    json,
    answers: (host, status, path = '/') =>
      within(8_000, `${host}${path} to answer ${status}`, async () => {
        // A request that went to a container just before it was paused hangs: the next one tells.
        const one = { port, method: 'GET', path, headers: { Host: host }, body: undefined, timeout: 1_000 };
        const answer = await request(one).catch(() => null);
        return answer?.status === status ? `${answer.body} ` : undefined;
      }),
    async events(type) {
      const found: LoggedEvent[] = [];
      let cursor = '';
      do {
        const filter = type === undefined ? '' : `&type=${type}`;
        const page = await json<{ items: LoggedEvent[]; next?: string }>(
          `/events?limit=1000${filter}${cursor}`,
        );
        found.push(...page.items);
        cursor = page.next === undefined ? '' : `&cursor=${page.next}`;
      } while (cursor !== '');
      return found;
    },
    kill: () => end(child, 'SIGKILL'),
    async stop() {
      await end(child, 'SIGTERM');
      return child.exitCode;
    },
  };
}

/** Starts it where it is expected to fail. @returns exit code and what it printed on standard error */
export async function startInVain(options: StartOptions): Promise<{ code: number | null; error: string }> {
  const { child, printed } = launch({ ...options, dataDir: options.dataDir ?? makeDataDir() });
  await within(20_000, 'Portolan to end', async () => child.exitCode !== null || undefined);
  return { code: child.exitCode, error: printed() };
}

function launch(options: StartOptions & { dataDir: string }) {
  const ports = ['--http-port', '0', '--api-port', '0'];
  const given = options.args ?? [];
  const args = [
    'serve',
    '--data-dir',
    options.dataDir,
    '--docker-host',
    options.dockerHost,
    '--log-format',
    'json',
  ];
  const child = spawn(
    process.execPath,
    [
      options.simulated === true ? simulated : (options.program ?? command),
      ...args,
      ...ports.filter((_, at) => !given.includes(ports[at - (at % 2)]!)),
      ...given,
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    },
  );
  started.add(child);
  const log: Record<string, unknown>[] = [];
  let errors = '';
  createInterface({ input: child.stdout! }).on('line', (line) => {
    if (line.startsWith('{')) log.push(JSON.parse(line));
  });
  child.stderr!.on('data', (chunk) => {
    errors += chunk;
  });
  const printed = (): string => `${errors}${log.map((line) => JSON.stringify(line)).join('\n')}`;
  return { child, log, printed };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  await Promise.race([exit, sleep(20_000, undefined, { ref: false }).then(() => child.kill('SIGKILL'))]);
}

interface RequestOptions {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers: http.OutgoingHttpHeaders;
  readonly body: string | undefined;
  /** Milliseconds; 20 s if not given. */
  readonly timeout?: number;
}

export function request({
  port,
  method,
  path,
  headers,
  body,
  timeout = 20_000,
}: RequestOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path, headers, agent: false, timeout };
    const sent = http.request(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: text }),
      );
      response.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer within ${timeout} ms`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Asks again and again until there is something; fails with what was waited for. */
export async function within<T>(
  milliseconds: number,
  what: string,
  look: () => Promise<T | undefined | null | false>,
): Promise<T> {
  const deadline = Date.now() + milliseconds;
  while (Date.now() < deadline) {
    const found = await look();
    if (found !== undefined && found !== null && found !== false) return found;
    await sleep(20);
  }
  throw new Error(`waited ${milliseconds} ms for ${what}`);
}
