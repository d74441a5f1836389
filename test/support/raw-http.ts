/** HTTP as bytes: a client that sends what no library would, and backends that take what no library would. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Rejects when `promise` takes longer than `deadline` ms: every wait in a test has one. */
export async function within<T>(promise: Promise<T>, what: string, deadline = 5_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${deadline} ms`)), deadline);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until `check` holds, at most `deadline` ms. */
export async function until(check: () => boolean, what: string, deadline = 5_000): Promise<void> {
  const end = Date.now() + deadline;
  while (!check()) {
    if (Date.now() > end) throw new Error(`${what}: not within ${deadline} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export interface Answer {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  /** Names as sent, values, in order. */
  readonly fields: readonly (readonly [string, string])[];
  readonly body: string;
  readonly trailers: readonly (readonly [string, string])[];
  field(name: string): string | null;
}

/** A connection to the proxy under test. */
export interface RawClient {
  readonly socket: Socket;
  send(bytes: string | Buffer): void;
  /** The next final answer; 1xx before it are in `informational`. @param method of the request it answers */
  answer(method?: string): Promise<Answer>;
  readonly informational: Answer[];
  /** All that came so far. */
  received(): string;
  /** Resolves when the connection has ended. */
  closed(): Promise<'ended' | 'reset'>;
  close(): void;
}

export async function openClient(port: number, host = '127.0.0.1'): Promise<RawClient> {
  const socket = connect({ port, host, allowHalfOpen: true });
  const informational: Answer[] = [];
  const end = Promise.withResolvers<'ended' | 'reset'>();
  let all = '';
  let rest = '';
  let over = false;
  let wake = (): void => undefined;
  socket.on('data', (chunk: Buffer) => {
    all += chunk.toString('latin1');
    rest += chunk.toString('latin1');
    wake();
  });
  const finish = (how: 'ended' | 'reset'): void => {
    over = true;
    end.resolve(how);
    wake();
  };
  socket.on('end', () => finish('ended'));
  socket.on('error', () => finish('reset'));
  socket.on('close', () => finish('ended'));
  await within(once(socket, 'connect'), 'connect');

  async function answer(method = 'GET'): Promise<Answer> {
    const deadline = Date.now() + 5_000;
    for (;;) {
      const parsed = parseAnswer(rest, method, over);
      if (parsed !== null) {
        rest = rest.slice(parsed.length);
        if (parsed.answer.status >= 200 || parsed.answer.status === 101) return parsed.answer;
        informational.push(parsed.answer);
        continue;
      }
      if (over) throw new Error(`the connection ended before an answer; received: ${JSON.stringify(all)}`);
      if (Date.now() > deadline) throw new Error(`no answer in time; received: ${JSON.stringify(all)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 50);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  return {
    socket,
    informational,
    send: (bytes) => void socket.write(typeof bytes === 'string' ? latin1(bytes) : bytes),
    answer,
    received: () => all,
    closed: () => within(end.promise, 'the end of the connection'),
    close: () => socket.destroy(),
  };
}

/** Strict enough to notice what is wrong, lenient enough to show it. Null while it is not whole. */
function parseAnswer(text: string, method: string, over: boolean): { answer: Answer; length: number } | null {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return null;
  const [line = '', ...lines] = text.slice(0, headEnd).split('\r\n');
  const status = /^(HTTP\/\d\.\d) (\d{3}) ?(.*)$/.exec(line);
  if (status === null) throw new Error(`no status line: ${JSON.stringify(line)}`);
  const fields = parseFields(lines);
  const code = Number(status[2]);
  const found = (name: string): string | null =>
    fields.find(([one]) => one.toLowerCase() === name.toLowerCase())?.[1] ?? null;
  const start = headEnd + 4;
  const content = parseContent(text.slice(start), code, method, found, over);
  if (content === null) return null;
  const { body, trailers, length } = content;
  const answer = {
    version: status[1]!,
    status: code,
    reason: status[3]!,
    fields,
    body,
    trailers,
    field: found,
  };
  return { answer, length: start + length };
}

const parseFields = (lines: readonly string[]): [string, string][] =>
  lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });

interface Content {
  readonly body: string;
  readonly trailers: readonly (readonly [string, string])[];
  readonly length: number;
}

function parseContent(
  text: string,
  status: number,
  method: string,
  field: (name: string) => string | null,
  over: boolean,
): Content | null {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304)
    return { body: '', trailers: [], length: 0 };
  if (field('transfer-encoding') !== null) return parseChunks(text);
  const size = field('content-length');
  if (size === null) return over ? { body: text, trailers: [], length: text.length } : null;
  return text.length < Number(size)
    ? null
    : { body: text.slice(0, Number(size)), trailers: [], length: Number(size) };
}

function parseChunks(text: string): Content | null {
  let at = 0;
  let body = '';
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd === -1) return null;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    at = lineEnd + 2;
    if (size === 0) break;
    if (text.length < at + size + 2) return null;
    body += text.slice(at, at + size);
    at += size + 2;
  }
  if (text.startsWith('\r\n', at)) return { body, trailers: [], length: at + 2 };
  const end = text.indexOf('\r\n\r\n', at);
  if (end === -1) return null;
  return { body, trailers: parseFields(text.slice(at, end).split('\r\n')), length: end + 4 };
}

/** One request over a new connection, and its answer. */
export async function ask(port: number, bytes: string | Buffer, method?: string): Promise<Answer> {
  const client = await openClient(port);
  try {
    client.send(bytes);
    return await client.answer(method ?? /^[A-Z]+/.exec(bytes.toString('latin1'))?.[0] ?? 'GET');
  } finally {
    client.close();
  }
}

export interface SeenRequest {
  readonly line: string;
  readonly fields: readonly (readonly [string, string])[];
  readonly body: string;
  /** As it was framed: chunks with their sizes. */
  readonly raw: string;
  field(name: string): string | null;
  all(name: string): string[];
}

export type Script = (request: SeenRequest, socket: Socket, backend: RawBackend) => void;

/** Takes nearly anything for a request, as the most careless of servers would, and remembers all of it. */
export interface RawBackend {
  readonly port: number;
  readonly address: string;
  readonly requests: SeenRequest[];
  /** All bytes that came, of all connections. */
  bytes(): string;
  readonly sockets: Set<Socket>;
  /** Connections since the start. */
  connections(): number;
  /** Connections that were reset or ended by the proxy. */
  closes(): number;
  /** What it does with a request; the default answers 200. */
  script: Script;
  /** Forgets what came. */
  clear(): void;
  close(): Promise<void>;
}

export const reply =
  (bytes: string | Buffer, end = false): Script =>
  (_, socket) => {
    socket.write(typeof bytes === 'string' ? latin1(bytes) : bytes);
    if (end) socket.end();
  };

export const ok: Script = (request, socket) => {
  const body = request.line.startsWith('HEAD ') ? '' : 'ok';
  socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${body}`);
};

export async function startBackend(
  script: Script = ok,
  address = '127.0.0.1',
  port = 0,
): Promise<RawBackend> {
  let all = '';
  let connections = 0;
  let closes = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    connections += 1;
    sockets.add(socket);
    let rest = '';
    socket.on('data', (chunk: Buffer) => {
      all += chunk.toString('latin1');
      rest += chunk.toString('latin1');
      for (let taken = takeRequest(rest); taken !== null; taken = takeRequest(rest)) {
        rest = rest.slice(taken.length);
        backend.requests.push(taken.request);
        backend.script(taken.request, socket, backend);
      }
    });
    socket.on('end', () => {
      closes += 1;
      socket.end();
    });
    socket.on('error', () => {
      closes += 1;
    });
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(port, address);
  await within(once(server, 'listening'), 'listen');
  const backend: RawBackend = {
    port: (server.address() as AddressInfo).port,
    address,
    requests: [],
    sockets,
    bytes: () => all,
    connections: () => connections,
    closes: () => closes,
    script,
    clear() {
      all = '';
      backend.requests.length = 0;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return backend;
}

/** Any line ending, the first of several lengths, anything with `chunked` in it: what could be smuggled shows. */
function takeRequest(text: string): { request: SeenRequest; length: number } | null {
  const head = /\r?\n\r?\n/.exec(text);
  if (head === null) return null;
  const [line = '', ...lines] = text.slice(0, head.index).split(/\r?\n/);
  const fields = parseFields(lines);
  const all = (name: string): string[] =>
    fields.filter(([one]) => one.toLowerCase().trim() === name.toLowerCase()).map(([, value]) => value);
  const field = (name: string): string | null => all(name)[0] ?? null;
  const start = head.index + head[0].length;
  const found = bodyOf(text.slice(start), all('transfer-encoding').join(','), field('content-length'));
  if (found === null) return null;
  const raw = text.slice(0, start + found.length);
  return { request: { line, fields, body: found.body, raw, field, all }, length: raw.length };
}

function bodyOf(text: string, coding: string, size: string | null): { body: string; length: number } | null {
  if (/chunked/i.test(coding)) return parseChunks(text);
  const length = Number.parseInt(size ?? '0', 10) || 0;
  return text.length < length ? null : { body: text.slice(0, length), length };
}
