/** Calls the API: finds it, signs in with the token of its data folder, and turns refusals into failures that say what to do. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CliFailure, type ExitCode, exitCodes } from './failure.ts';
import { readText, send } from './send.ts';
import { readServerSentEvents, type ServerSentEvent } from './sse.ts';

export interface ClientOptions {
  /** `http://HOST:PORT`, without a path. */
  readonly api: string;
  readonly token: TokenSource;
  /** Told once: what the answers lack. */
  readonly onStale?: (text: string) => void;
}

/** A name as a part of a path. @throws {CliFailure} one that would lead to another path */
export function segment(name: string): string {
  if (/^\.{0,2}$/.test(name)) throw new CliFailure(`"${name}" is no name`, exitCodes.usage);
  return encodeURIComponent(name);
}

/** The token, if there is one, and where it was looked for. */
export interface TokenSource {
  readonly value: string | null;
  readonly from: string;
  /** Given for this very call, rather than found in the data folder. */
  readonly given: boolean;
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface CallOptions {
  readonly query?: Query | undefined;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

export interface Client {
  readonly api: string;
  /** `path` is under `/api/v1`. @throws {CliFailure} */
  get<T>(path: string, query?: Query): Promise<T>;
  call<T>(method: string, path: string, options?: CallOptions): Promise<T>;
  /** A list page by page, `limit` items in all; as it comes, for lists that are long. */
  pages<T>(path: string, query?: Query, limit?: number): AsyncGenerator<Page<T>>;
  /** All items of a list, at most `limit`. */
  list<T>(path: string, query?: Query, limit?: number): Promise<Page<T>>;
  /** Server-sent events until the server ends them or `signal` aborts. */
  stream(method: string, path: string, options?: CallOptions): AsyncGenerator<ServerSentEvent>;
}

interface Problem {
  readonly detail?: string;
  readonly title?: string;
  readonly errors?: readonly { readonly field: string; readonly value?: string; readonly message: string }[];
}

/** At most this many on a page: what the API allows. */
export const longestPage = 1_000;

export function createClient({ api, token, onStale }: ClientOptions): Client {
  let told = false;
  function tellStale(text: string | string[] | undefined): void {
    if (told || typeof text !== 'string') return;
    told = true;
    onStale?.(text);
  }

  async function ask(method: string, path: string, accept: string, options: CallOptions) {
    const { query, body, signal } = options;
    const headers: Record<string, string> = { Accept: accept };
    if (token.value !== null && mayHave(api, token)) headers['Authorization'] = `Bearer ${token.value}`;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const sending = { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal };
    const answer = await send(`${api}/api/v1${path}${queryText(query)}`, sending).catch((error: unknown) => {
      throw signal?.aborted === true ? error : away(api, error);
    });
    const status = answer.statusCode!;
    if (answer.headers['portolan-api'] === undefined) {
      answer.destroy();
      throw foreign(api, status);
    }
    if (status >= 200 && status < 300) {
      if (method === 'GET') tellStale(answer.headers['portolan-stale']);
      return answer;
    }
    const problem = parseProblem(status, await readText(answer).catch(() => ''));
    throw refusal(status, problem, status === 401 ? tokenHints(api, token) : []);
  }

  async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const answer = await ask(method, path, 'application/json', options);
    try {
      return JSON.parse(await readText(answer)) as T;
    } catch (error) {
      throw options.signal?.aborted === true ? error : away(api, error);
    }
  }

  async function* pages<T>(path: string, query: Query = {}, limit = Number.POSITIVE_INFINITY) {
    let cursor: string | undefined;
    let left = limit;
    do {
      const wanted = Math.min(left, longestPage);
      const page: Page<T> = await call('GET', path, { query: { ...query, limit: wanted, cursor } });
      yield page;
      cursor = page.next;
      left -= page.items.length;
    } while (cursor !== undefined && left > 0);
  }

  return {
    api,
    call,
    pages,
    get: (path, query) => call('GET', path, { query }),
    async list<T>(path: string, query?: Query, limit?: number) {
      const items: T[] = [];
      let next: string | undefined;
      for await (const page of pages<T>(path, query, limit)) {
        items.push(...page.items);
        next = page.next;
      }
      return { items, ...(next === undefined ? {} : { next }) };
    },
    async *stream(method, path, options = {}) {
      const answer = await ask(method, path, 'text/event-stream', options);
      try {
        yield* readServerSentEvents(answer);
      } catch (error) {
        if (options.signal?.aborted !== true) throw away(api, error);
      } finally {
        answer.destroy();
      }
    },
  };
}

/** A token that nobody gave for this call goes to this machine alone. */
const mayHave = (api: string, token: TokenSource): boolean =>
  token.given || /^(localhost|127\.[\d.]+|\[::1\])$/.test(new URL(api).hostname);

/** Of the environment or a file that is named, else of the data folder. */
export function findToken(given: {
  readonly token: string | undefined;
  readonly file: string | undefined;
  readonly dataDir: string;
}): TokenSource {
  if (given.token) return { value: given.token, from: 'PORTOLAN_TOKEN', given: true };
  const path = given.file || join(given.dataDir, 'token');
  try {
    return { value: readFileSync(path, 'utf8').trim() || null, from: path, given: given.file !== undefined };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (given.file || (code !== 'ENOENT' && code !== 'ENOTDIR')) {
      return {
        value: null,
        from: `${path} ${unread[code ?? ''] ?? `cannot be read (${code})`}`,
        given: false,
      };
    }
    return { value: null, from: `there is no ${path}`, given: false };
  }
}

const unread: Readonly<Record<string, string>> = {
  ENOENT: 'is not there',
  EACCES: 'may not be read by this user',
  EISDIR: 'is a folder',
};

function queryText(query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return text === '' ? '' : `?${text}`;
}

function away(api: string, error: unknown): CliFailure {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = code ?? message;
  return new CliFailure(`the API at ${api} is away (${reason})`, exitCodes.away, [
    'start it: portolan serve',
    'it runs elsewhere? --api http://HOST:PORT, or PORTOLAN_API',
  ]);
}

/** Its 404 would read as "no such container", its 200 as "was stopped". */
const foreign = (api: string, status: number): CliFailure =>
  new CliFailure(`what answers at ${api} is not Portolan's API (status ${status})`, exitCodes.away, [
    "it has a port of its own, 8080 unless --api-port says another, which is not the proxy's",
    'name it: --api http://HOST:PORT, or PORTOLAN_API',
  ]);

function parseProblem(status: number, text: string): Problem {
  try {
    return JSON.parse(text) as Problem;
  } catch {
    return { detail: `${status} ${text.slice(0, 200)}`.trim() };
  }
}

function refusal(status: number, problem: Problem, hints: readonly string[]): CliFailure {
  const detail = problem.detail ?? problem.title ?? `the API answered ${status}`;
  // A pointer into the body (`/name: …`), which nobody here has seen.
  const message = detail.replace(/^\/(?=\w+: )/, '');
  const others = (problem.errors ?? []).slice(1).map(({ field, message: text }) => `${field}: ${text}`);
  return new CliFailure(message, codeOf(status), [...others, ...hints]);
}

const codeOf = (status: number): ExitCode =>
  status === 400
    ? exitCodes.usage
    : status === 401 || status === 403
      ? exitCodes.notAllowed
      : status === 404
        ? exitCodes.notFound
        : exitCodes.no;

function tokenHints(api: string, token: TokenSource): string[] {
  if (token.value === null)
    return [`${token.from}; name Portolan's data folder with --data-dir, or set PORTOLAN_TOKEN`];
  if (!mayHave(api, token))
    return [
      `the one in ${token.from} is for this machine; give the other's with --token-file or PORTOLAN_TOKEN`,
    ];
  return [`the token came from ${token.from}: name the right data folder with --data-dir`];
}
