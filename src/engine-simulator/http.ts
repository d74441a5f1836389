/** The simulator's small HTTP layer: routes by method and path, JSON in and out, the engine's way to say no. */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** What the engine answers with an error status: `{"message": …}`. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface Call {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Parts of the path that the route named. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
}

/** @returns JSON for 200, a number for that status without a body, or nothing if it has answered by itself */
export type Handler = (call: Call) => unknown | Promise<unknown>;

export interface Router {
  /** @param pattern e.g. `/containers/:id/json` */
  on(method: string, pattern: string, handler: Handler): void;
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>;
}

interface Route {
  readonly method: string;
  readonly parts: readonly string[];
  readonly handler: Handler;
}

/** @param before may answer or delay a call in the handler's stead; `true` if it has answered */
export function createRouter(
  before: (method: string, path: string, res: ServerResponse) => Promise<boolean>,
): Router {
  const routes: Route[] = [];
  return {
    on: (method, pattern, handler) =>
      void routes.push({ method, parts: pattern.split('/').slice(1), handler }),
    async handle(req, res) {
      const url = new URL(req.url ?? '/', 'http://engine');
      const path = url.pathname.replace(/^\/v\d+\.\d+(?=\/)/, '');
      try {
        if (await before(req.method ?? '', path, res)) return;
        await run(routes, req, res, path, url.searchParams);
      } catch (error) {
        const status = error instanceof Refusal ? error.status : 500;
        if (!res.headersSent) send(res, status, { message: (error as Error).message });
        else res.destroy();
      }
    },
  };
}

async function run(
  routes: readonly Route[],
  req: IncomingMessage,
  res: ServerResponse,
  path: string,
  query: URLSearchParams,
): Promise<void> {
  const parts = path.split('/').slice(1);
  for (const { method, parts: pattern, handler } of routes) {
    const params = method === req.method ? matchParts(pattern, parts) : null;
    if (params === null) continue;
    const answer = await handler({ req, res, params, query, body: await readBody(req) });
    if (typeof answer === 'number') res.writeHead(answer).end();
    else if (answer !== undefined) send(res, 200, answer);
    return;
  }
  throw new Refusal(404, 'page not found');
}

/** A last pattern part `*name` takes all that is left: image names have slashes. */
function matchParts(pattern: readonly string[], parts: readonly string[]): Record<string, string> | null {
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    if (part.startsWith('*')) {
      const tail = pattern.slice(index + 1);
      const end = parts.length - tail.length;
      if (end <= index || tail.some((name, at) => parts[end + at] !== name)) return null;
      params[part.slice(1)] = decodeURIComponent(parts.slice(index, end).join('/'));
      return params;
    }
    const given = parts[index];
    if (given === undefined) return null;
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(given);
    else if (part !== given) return null;
  }
  return pattern.length === parts.length ? params : null;
}

async function readBody(req: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new Refusal(400, 'invalid JSON in the body');
  }
}

export function send(res: ServerResponse, status: number, value: unknown): void {
  const body = `${JSON.stringify(value)}\n`;
  res
    .writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) })
    .end(body);
}
