/** Pages for people: the list of calls, and the ways a browser signs in, by a one-time link or with the token, and out. */
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { html, raw } from 'hono/html';
import { isForPeople } from './dashboard.ts';
import { type Api, define } from './define.ts';
import { type Env, sessionCookie } from './guards.ts';
import type { ApiPorts } from './ports.ts';
import { Problem } from './problem.ts';
import type { Session, Sessions } from './session.ts';

interface Document {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly summary?: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
}

const style = `:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8884;vertical-align:top}
code{font-size:.9em}`;

const page = (title: string, body: unknown) => html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style>${raw(style)}</style></head><body><main><h1>${title}</h1>${body}</main></body></html>`;

export function pages(app: OpenAPIHono<Env>, sessions: Sessions, document: () => unknown): void {
  app.get('/docs', (c) => c.html(page('Portolan: the API', operations(document() as Document))));
  app.get('/sign-in', (c) => {
    const session = sessions.redeem(c.req.query('code') ?? '');
    if (session === null) {
      const problem = 'this link has been used or is too old; a restart prints a new one';
      if (!isForPeople(c)) throw new Problem(403, problem);
      return c.html(page('Not signed in', notSignedIn(problem)), 403);
    }
    keep(c, session);
    // Where only the page sees it: a browser sends no fragment, and the page takes it out of the address.
    return c.redirect(`/#session-key=${session.key}`);
  });
}

/** For the dashboard: who it is, and signing in where no link was printed. */
export function session(api: Api, ports: ApiPorts): void {
  signingIn(api, ports);
  define(
    api,
    { method: 'delete', path: '/session', summary: 'Sign the browser out', tag, answer },
    async (_, c) => {
      ports.sessions.close(getCookie(c, sessionCookie(c)) ?? '');
      deleteCookie(c, sessionCookie(c), { path: '/' });
      return { signedIn: false };
    },
  );
}

const answer = z.object({ signedIn: z.boolean() });
const tag = 'session';

function signingIn(api: Api, { sessions, token, commands }: ApiPorts): void {
  define(
    api,
    { method: 'get', path: '/session', summary: 'Whether the caller may give commands', tag, answer },
    async (_, c) => ({ signedIn: c.get('actor') !== null }),
  );
  define(
    api,
    {
      method: 'post',
      path: '/session',
      summary:
        'Sign a browser in with the token: sets a cookie that is good with the key, sent as Portolan-Session-Key',
      tag,
      body: z.strictObject({ token: z.string().min(1).max(1_024) }),
      answer: answer.extend({ key: z.string() }),
    },
    async ({ body }, c) => {
      if (!token.matches(body.token)) {
        commands.refused('token-wrong');
        throw new Problem(
          401,
          'this is not the token of this Portolan; it stands in the file `token` of its data folder',
        );
      }
      const opened = sessions.open();
      keep(c, opened);
      return { signedIn: true, key: opened.key };
    },
  );
}

function keep(c: Context<Env>, { id }: Session): void {
  c.header('Cache-Control', 'no-store');
  setCookie(c, sessionCookie(c), id, { httpOnly: true, sameSite: 'Strict', path: '/', maxAge: 12 * 3_600 });
}

const notSignedIn = (problem: string) =>
  html`<p>${problem.charAt(0).toUpperCase() + problem.slice(1)}. Or sign in on
<a href="/">the dashboard</a> with the token, which stands in the file <code>token</code> of the data folder.</p>`;

function operations({ paths = {} }: Document) {
  const rows = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const parameters = (operation.parameters ?? [])
        .filter((one) => one.in === 'query')
        .map((one) => one.name);
      return html`<tr><td><code>${method.toUpperCase()} ${path}</code></td><td>${operation.summary ?? ''}${
        operation.security === undefined ? '' : ' (token)'
      }</td><td>${parameters.join(', ')}</td></tr>`;
    }),
  );
  return html`<p>Machine-readable: <a href="/openapi.json">/openapi.json</a></p>
<table><thead><tr><th>Call</th><th>Does</th><th>Parameters</th></tr></thead><tbody>${rows}</tbody></table>`;
}
