/** The simulator's small HTTP layer: routes by method and path, JSON in and out, the engine's way to say no. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fate } from './interference.ts';

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
  /** @throws {Refusal} if it is no JSON object */
  readonly body: () => Readonly<Record<string, unknown>>;
}

/** JSON if `body` is given, else no body. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
}

/** Nothing, if it answers by itself. */
export type Handler = (call: Call) => Reply | undefined | Promise<Reply | undefined>;

export interface Router {
  /** @param pattern e.g. `/containers/:id/json`; a part `*name` takes several */
  on(method: string, pattern: string, handler: Handler): void;
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>;
}

export const ok = (body: unknown): Reply => ({ status: 200, body });
export const done: Reply = { status: 204 };
export const isSet = ({ query }: Call, name: string): boolean =>
  ['1', 'true', 'True'].includes(query.get(name) ?? '');

interface Route {
  readonly method: string;
  readonly parts: readonly string[];
  readonly handler: Handler;
}

/** The API version that is simulated. */
export const apiVersion = '1.41';
export const engineVersion = '20.10.24-simulated';

/** @param before decides what becomes of a call */
export function createRouter(before: (method: string, path: string) => Promise<Fate>): Router {
  const routes: Route[] = [];

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '/', 'http://engine');
    const path = url.pathname.replace(/^\/v\d+\.\d+(?=\/)/, '');
    checkVersion(url.pathname);
    const fate = await before(req.method ?? '', path);
    if (fate === 'hang') return;
    if (fate === 'reset') {
      res.destroy();
      return;
    }
    const reply = await run(routes, req, res, path, url.searchParams);
    if (fate === 'lose-answer') res.destroy();
    else if (reply !== undefined) send(res, reply);
  }

  return {
    on: (method, pattern, handler) =>
      void routes.push({ method, parts: pattern.split('/').slice(1), handler }),
    async handle(req, res) {
      res.setHeader('Api-Version', apiVersion);
      res.setHeader('Docker-Experimental', 'false');
      res.setHeader('Ostype', 'linux');
      res.setHeader('Server', `Docker/${engineVersion} (linux)`);
      try {
        await serve(req, res);
      } catch (error) {
        const status = error instanceof Refusal ? error.status : 500;
        if (res.headersSent) res.destroy();
        else send(res, { status, body: { message: (error as Error).message } });
      }
    },
  };
}

function checkVersion(path: string): void {
  const asked = /^\/v1\.(\d+)\//.exec(path)?.[1];
  if (asked !== undefined && Number(asked) > Number(apiVersion.slice(2))) {
    throw new Refusal(
      400,
      `client version 1.${asked} is too new. Maximum supported API version is ${apiVersion}`,
    );
  }
}

async function run(
  routes: readonly Route[],
  req: IncomingMessage,
  res: ServerResponse,
  path: string,
  query: URLSearchParams,
): Promise<Reply | undefined> {
  const parts = path.split('/').slice(1);
  for (const { method, parts: pattern, handler } of routes) {
    const params = method === req.method ? matchParts(pattern, parts) : null;
    if (params === null) continue;
    const text = await readText(req);
    return handler({ req, res, params, query, body: () => parseBody(text, req.headers['content-type']) });
  }
  throw new Refusal(404, 'page not found');
}

/** A pattern part `*name` takes what the rest leaves: image names have slashes. */
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
    if (given === undefined || given === '') return null;
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(given);
    else if (part !== given) return null;
  }
  return pattern.length === parts.length ? params : null;
}

async function readText(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function parseBody(text: string, type: string | undefined): Record<string, unknown> {
  if (text === '') throw new Refusal(500, 'EOF');
  if (!/^application\/json\b/.test(type ?? '')) {
    throw new Refusal(400, `Content-Type specified (${type ?? ''}) must be 'application/json'`);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch (error) {
    throw new Refusal(500, (error as Error).message);
  }
  throw new Refusal(500, 'json: cannot unmarshal the body into an object');
}

function send(res: ServerResponse, { status, body }: Reply): void {
  if (body === undefined) {
    res.writeHead(status).end();
    return;
  }
  const text = `${JSON.stringify(body)}\n`;
  res
    .writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) })
    .end(text);
}
