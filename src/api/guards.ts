/** What every call passes, in this order: its Host, where it comes from, who it is, how large it is. */
import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { getCookie } from 'hono/cookie';
import type { CommandPort } from '../control/port.ts';
import type { Actor } from '../events/event.ts';
import { parseHost } from '../routing/host.ts';
import { Problem } from './problem.ts';
import type { Sessions } from './session.ts';
import type { Token } from './token.ts';

export interface Env {
  Variables: { actor: Actor | null; local: boolean };
}

/** Where a call that a guard refuses is counted. */
type Refusals = Pick<CommandPort, 'refused'>;

/** By port, as a cookie is of all ports of its host: two Portolans on one machine would replace each other's. */
export function sessionCookie(c: Context<Env>): string {
  const [, port] = /:(\d+)$/.exec(c.req.header('host') ?? '') ?? [];
  return port === undefined ? 'portolan-session' : `portolan-session-${port}`;
}
const sessionKey = 'portolan-session-key';

/** Refuses names that are not ours: a page of another site whose name was made to point here (DNS rebinding). */
export function hostGuard(names: ReadonlySet<string>, refusals: Refusals): MiddlewareHandler<Env> {
  return async (c, next) => {
    const host = parseHost(c.req.header('host') ?? '');
    if (host === null || !names.has(host)) {
      refusals.refused('host-not-known');
      throw new Problem(421, `this API does not answer as ${JSON.stringify(c.req.header('host') ?? '')}`);
    }
    await next();
  };
}

/** Refuses calls that a page of another origin made (Fetch Metadata, Origin). */
export function originGuard(refusals: Refusals): MiddlewareHandler<Env> {
  return async (c, next) => {
    const site = c.req.header('sec-fetch-site');
    const origin = c.req.header('origin');
    // A link somewhere else may lead here, but nothing of ours is shown within a page of another origin.
    const whole = (c.req.header('sec-fetch-dest') ?? 'document') === 'document';
    const navigation = c.req.header('sec-fetch-mode') === 'navigate' && c.req.method === 'GET' && whole;
    const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none' && !navigation;
    const foreignOrigin = origin !== undefined && origin !== `http://${c.req.header('host')}`;
    if (foreignSite || foreignOrigin) {
      refusals.refused('cross-origin');
      throw new Problem(403, 'calls from pages of another origin are refused');
    }
    await next();
  };
}

/** Finds out who calls. Reading from loopback needs nobody to be known. */
export function identify(token: Token, sessions: Sessions, refusals: Refusals): MiddlewareHandler<Env> {
  return async (c, next) => {
    c.set('actor', actorOf(c, token, sessions, refusals));
    c.set('local', isLoopback(getConnInfo(c).remote.address ?? ''));
    const open = openPath.test(c.req.path) || (description.test(c.req.path) && hasSession(c, sessions));
    if (!c.get('local') && c.get('actor') === null && !open) {
      refusals.refused('token-missing');
      throw new Problem(401, 'from other machines every call needs the token (Authorization: Bearer)');
    }
    await next();
  };
}

/** What needs no token from elsewhere: signs of life, the dashboard's files, which hold no secret, and signing in. */
const openPath =
  /^\/(healthz|readyz|sign-in|api\/v1\/session|assets\/[^/]+|((routes|containers|events)(\/[^/]*)?|timeline|audit|resolve|system)?)$/;

/** What a browser opens without the key of its session, as nothing is sent with an address that is typed. */
const description = /^\/(docs|openapi\.json)$/;

const hasSession = (c: Context<Env>, sessions: Sessions): boolean =>
  sessions.isKnown(getCookie(c, sessionCookie(c)) ?? '');

function actorOf(c: Context<Env>, token: Token, sessions: Sessions, refusals: Refusals): Actor | null {
  const authorization = c.req.header('authorization');
  if (authorization !== undefined) {
    const presented = /^Bearer +([!-~]+)$/i.exec(authorization)?.[1];
    if (presented !== undefined && token.matches(presented)) return { kind: 'api', name: 'token' };
    refusals.refused('token-wrong');
    throw new Problem(
      401,
      'the token is not the one of this Portolan; it stands in the file `token` of its data folder',
    );
  }
  const session = { id: getCookie(c, sessionCookie(c)) ?? '', key: c.req.header(sessionKey) ?? '' };
  return sessions.isValid(session) ? { kind: 'api', name: 'session' } : null;
}

const isLoopback = (address: string): boolean => /^(::ffff:)?127\.|^::1$/.test(address);

/** @returns the caller. @throws {Problem} 401 for calls that change something, and for container logs */
export function requireActor(c: Context<Env>, refusals: Refusals): Actor {
  const actor = c.get('actor');
  if (actor !== null) return actor;
  refusals.refused('token-missing');
  throw new Problem(
    401,
    'this call needs the token (Authorization: Bearer); it stands in the file `token` of the data folder',
  );
}

/** Bytes. */
const longestBody = 1024 * 1024;

/** Bodies are JSON, and bounded: whether they say how long they are or not. */
export function bodyGuard(): MiddlewareHandler<Env> {
  const bounded = bodyLimit({
    maxSize: longestBody,
    onError: () => {
      throw new Problem(413, `a body may have ${longestBody} bytes`);
    },
  });
  return async (c, next) => {
    const length = c.req.header('content-length') ?? '0';
    if (c.req.header('transfer-encoding') === undefined && length === '0') return next();
    const type = (c.req.header('content-type') ?? '').split(';')[0]!.trim().toLowerCase();
    if (type !== 'application/json')
      throw new Problem(415, `Content-Type is "${type}"; application/json is allowed`);
    return bounded(c, next);
  };
}
