/** Pages for people: what is here, the list of calls, and the link that signs a browser in. */
import type { OpenAPIHono } from '@hono/zod-openapi';
import { setCookie } from 'hono/cookie';
import { html, raw } from 'hono/html';
import { type Env, sessionCookie } from './guards.ts';
import { Problem } from './problem.ts';
import type { Sessions } from './session.ts';

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
  app.get('/', (c) =>
    c.html(
      page(
        'Portolan',
        html`<p>The management API. What is here:</p><ul>
<li><a href="/docs">/docs</a>: all calls</li><li><a href="/api/v1/routes">/api/v1/routes</a>: what is routed now</li>
<li><a href="/api/v1/audit">/api/v1/audit</a>: who did what</li><li><a href="/api/v1/system">/api/v1/system</a>: how Portolan is</li>
</ul>`,
      ),
    ),
  );
  app.get('/docs', (c) => c.html(page('Portolan: the API', operations(document() as Document))));
  app.get('/sign-in', (c) => {
    const session = sessions.redeem(c.req.query('code') ?? '');
    if (session === null)
      throw new Problem(403, 'this link has been used or is too old; a restart prints a new one');
    setCookie(c, sessionCookie, session, {
      httpOnly: true,
      sameSite: 'Strict',
      path: '/',
      maxAge: 12 * 3_600,
    });
    return c.redirect('/');
  });
}

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
