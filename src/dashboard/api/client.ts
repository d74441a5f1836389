/** Calls to the API: JSON in and out, its problems as errors that say what went wrong. */
import { sessionHeader } from './session-key.ts';

/** An answer that is no success; status 0 if there was no answer at all. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const base = '/api/v1';
/**
 * Milliseconds until what was only to be read is asked for once more: a connection may break without Portolan being away,
 * as browsers drop those under way when they see the machine's networks change.
 */
const again = 100;

/** @throws {ApiProblem} */
export async function request<T>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const ask = async (): Promise<T> => {
    const response = await send(method, path, 'application/json', body, signal);
    return (response.status === 204 ? undefined : await response.json()) as T;
  };
  // An answer that broke off in the middle.
  return ask().catch((error: unknown) => {
    if (error instanceof ApiProblem || method !== 'GET' || signal?.aborted) throw error;
    return ask();
  });
}

export const read = <T>(path: string, signal?: AbortSignal): Promise<T> =>
  request<T>('GET', path, undefined, signal);

/** The answer to a call that streams. @throws {ApiProblem} */
export async function send(
  method: string,
  path: string,
  accept: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Response> {
  const init: RequestInit = {
    method,
    headers: {
      Accept: accept,
      ...sessionHeader(),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  };
  const ask = (): Promise<Response> => fetch(base + path, init);
  const response = await ask()
    .catch(async (error: unknown) => {
      if (signal?.aborted || method !== 'GET') throw error;
      await new Promise((resolve) => setTimeout(resolve, again));
      return ask();
    })
    .catch((error: unknown) => {
      if (signal?.aborted) throw error;
      throw new ApiProblem(0, 'Portolan does not answer.');
    });
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const problem = (await response.json().catch(() => null)) as { detail?: string } | null;
  return new ApiProblem(response.status, problem?.detail ?? response.statusText);
}

export interface Some<T> {
  readonly items: readonly T[];
  /** There are more than these. */
  readonly more: boolean;
}

/**
 * All pages of a list, up to `most` entries or a few more.
 * @param onPart called after each page but the last with all that have come
 */
export async function readAll<T>(
  path: string,
  most: number,
  onPart: (items: readonly T[]) => void = () => undefined,
): Promise<Some<T>> {
  const items: T[] = [];
  let next: string | undefined;
  for (;;) {
    const cursor: string = next === undefined ? '' : `&cursor=${encodeURIComponent(next)}`;
    const page: { items: T[]; next?: string } = await read(path + (path.includes('?') ? '' : '?') + cursor);
    items.push(...page.items);
    next = page.next;
    if (next === undefined || items.length >= most) return { items, more: next !== undefined };
    onPart([...items]);
  }
}

/** A path with the parameters that have a value. */
export function withQuery(
  path: string,
  values: Readonly<Record<string, string | number | null | undefined>>,
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values))
    if (value !== null && value !== undefined && value !== '') query.set(name, String(value));
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}
