/** Serves the dashboard's files: the page for every path that is no file, its hashed assets for ever. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { html } from 'hono/html';
import type { Env } from './guards.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
const compressed = new Set(['.js', '.css', '.svg']);

/** Nothing from elsewhere, nothing inline, no frame around it. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** Paths of the dashboard's own pages; what else is unknown stays 404. */
const ownPaths = [
  '/',
  '/routes/*',
  '/timeline',
  '/containers',
  '/containers/*',
  '/events',
  '/events/*',
  '/audit',
  '/resolve',
  '/system',
];

export function dashboard(app: OpenAPIHono<Env>, folder = findFolder()): void {
  const asset = createAssets(folder);
  app.get('/assets/:file{[A-Za-z0-9_.-]+}', async (c, next) => {
    const found = await asset(c.req.param('file'));
    if (found === null) return next();
    const zipped = found.gzipped !== null && /\bgzip\b/.test(c.req.header('accept-encoding') ?? '');
    return c.body(zipped ? found.gzipped! : found.plain, 200, {
      ...headersOf(found.type, 'public, max-age=31536000, immutable'),
      Vary: 'Accept-Encoding',
      ...(zipped ? { 'Content-Encoding': 'gzip' } : {}),
    });
  });
  for (const path of ownPaths) app.get(path, (c) => page(c, folder, 200));
  // To people, who mistyped, a page with the way on; to programs a problem.
  app.get('*', (c, next) => {
    return isForPeople(c) && !c.req.path.startsWith('/api/') ? page(c, folder, 404) : next();
  });
}

/** A browser asks for a page to show. */
export const isForPeople = (c: Context<Env>): boolean => /\btext\/html\b/.test(c.req.header('accept') ?? '');

async function page(c: Context<Env>, folder: string, status: 200 | 404): Promise<Response> {
  const content = await readFile(join(folder, 'index.html')).catch(() => null);
  if (content === null) return c.html(notBuilt, 503, headersOf(types['.html']!, 'no-store'));
  return c.body(content, status, headersOf(types['.html']!, 'no-cache'));
}

const headersOf = (type: string, caching: string): Record<string, string> => ({
  'Content-Type': type,
  'Cache-Control': caching,
  'Content-Security-Policy': policy,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'same-origin',
});

interface Asset {
  readonly type: string;
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly gzipped: Uint8Array<ArrayBuffer> | null;
}

/** Their names change with their content, so what was read once is right for ever. */
function createAssets(folder: string): (file: string) => Promise<Asset | null> {
  const known = new Map<string, Asset>();
  return async (file) => {
    const type = types[extname(file)];
    if (type === undefined) return null;
    const cached = known.get(file);
    if (cached !== undefined) return cached;
    const plain = await readFile(join(folder, 'assets', file)).catch(() => null);
    if (plain === null) return null;
    const gzipped = compressed.has(extname(file)) ? await promisify(gzip)(plain, { level: 9 }) : null;
    const asset = { type, plain: new Uint8Array(plain), gzipped: gzipped && new Uint8Array(gzipped) };
    known.set(file, asset);
    return asset;
  };
}

/** Beside the package's sources, or where they were compiled to. */
function findFolder(): string {
  let at = import.meta.dirname;
  while (!existsSync(join(at, 'package.json')) && dirname(at) !== at) at = dirname(at);
  return join(at, 'dist', 'dashboard');
}

const notBuilt = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Portolan</title></head><body><main><h1>Portolan</h1>
<p>The dashboard has not been built. <code>npm run build:dashboard</code> builds it; <code>npm start</code> does so by itself.
The proxy and the API do not need it.</p><ul>
<li><a href="/docs">/docs</a>: all calls</li><li><a href="/api/v1/routes">/api/v1/routes</a>: what is routed now</li>
<li><a href="/api/v1/audit">/api/v1/audit</a>: who did what</li><li><a href="/api/v1/system">/api/v1/system</a>: how Portolan is</li>
</ul></main></body></html>`;
