/** The pages of a simulated container's web server. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { drained } from './drained.ts';
import type { Gate } from './gate.ts';

/** Who answers. */
export interface Identity {
  readonly id: string;
  readonly name: () => string;
  readonly startedAt: string;
  /** Hears of each request: `GET /path`. */
  readonly onRequest: (line: string) => void;
}

type Page = (visit: Visit) => Promise<void> | void;

interface Visit {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly gate: Gate;
  /** The request and who answers it. */
  readonly who: Readonly<Record<string, unknown>>;
  /** A whole number of the query, at most `most`; 0 without it. */
  readonly number: (name: string, most: number) => number;
}

/** Every other path says who answers, as JSON. */
const pages: Readonly<Record<string, Page>> = {
  '/headers': (visit) => json(visit, { headers: pairs(visit.req.rawHeaders) }),
  '/echo': echo,
  '/events': serverSentEvents,
  '/slow': async (visit) => {
    await sleep(visit.number('ms', 60_000));
    await visit.gate.passed();
    json(visit);
  },
  '/big': big,
  '/chunked': chunked,
  '/status': (visit) => json(visit, {}, visit.number('code', 599) || 200),
  /** Ends the connection in the middle of an answer. */
  '/broken': ({ res }) => {
    res.writeHead(200, { 'Content-Length': '1000' });
    res.write('half', () => res.destroy());
  },
};

export async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  identity: Identity,
  gate: Gate,
): Promise<void> {
  await gate.passed();
  const { id, startedAt } = identity;
  const url = new URL(req.url ?? '/', 'http://container');
  const who = { name: identity.name(), id, startedAt, method: req.method, path: req.url };
  const number = (name: string, most: number): number =>
    Math.min(Math.max(Math.trunc(Number(url.searchParams.get(name))) || 0, 0), most);
  identity.onRequest(`${req.method} ${req.url}`);
  await (pages[url.pathname] ?? json)({ req, res, gate, who, number });
}

function json({ res, who }: Visit, more: object = {}, status = 200): void {
  const body = `${JSON.stringify({ ...who, ...more })}\n`;
  res
    .writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) })
    .end(body);
}

/** In the order of arrival, repeated ones included. */
const pairs = (raw: readonly string[]): string[][] =>
  raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1]!]] : []));

async function echo({ req, res, gate }: Visit): Promise<void> {
  res.writeHead(200, { 'Content-Type': req.headers['content-type'] ?? 'application/octet-stream' });
  try {
    for await (const chunk of req) {
      await gate.passed();
      if (!res.write(chunk)) await drained(res);
    }
    res.end();
  } catch {
    // The client went away.
    res.destroy();
  }
}

async function big({ res, gate, number }: Visit): Promise<void> {
  let left = number('bytes', 4 * 1024 ** 3);
  res.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': left });
  const block = Buffer.alloc(65_536, 'x');
  while (left > 0 && res.writable) {
    const part = block.subarray(0, Math.min(left, block.length));
    left -= part.length;
    await gate.passed();
    if (!res.write(part)) await drained(res);
  }
  res.end();
}

/** `?parts=` parts, `ms=` apart. */
async function chunked({ res, gate, number }: Visit): Promise<void> {
  res.writeHead(200, { 'Content-Type': 'text/plain' });
  const parts = number('parts', 10_000) || 5;
  for (let part = 1; part <= parts && res.writable; part++) {
    await gate.passed();
    res.write(`part ${part}\n`);
    await sleep(number('ms', 10_000));
  }
  res.end();
}

/** One every 100 ms, or `?ms=`. */
async function serverSentEvents({ res, gate, number }: Visit): Promise<void> {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  res.flushHeaders();
  for (let count = 0; res.writable; count++) {
    await gate.passed();
    res.write(`id: ${count}\ndata: ${count}\n\n`);
    await sleep(number('ms', 10_000) || 100, undefined, { ref: false });
  }
}
