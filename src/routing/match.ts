/** Finds the route of a request: host by hash, then the longest path by whole segments. */
import { parseHost } from './host.ts';
import type { HostEntry, RoutingTable, TableRoute } from './table.ts';

export type Match =
  | { readonly kind: 'route'; readonly entry: HostEntry; readonly route: TableRoute }
  /** Host or path known, nothing to serve it now. */
  | {
      readonly kind: 'down';
      readonly entry: HostEntry;
      readonly route: TableRoute | null;
      readonly sentence: string;
    }
  /** The host is known and served, but no route of it covers this path. */
  | { readonly kind: 'no-path'; readonly entry: HostEntry }
  | { readonly kind: 'unknown' };

/**
 * @param host `Host` field of the request, in any spelling
 * @param path the request's path, raw; `hasAmbiguousPath` tells which must be refused first on hosts with path rules
 */
export function match(table: RoutingTable, host: string, path: string): Match {
  const entry = table.hosts.get(host) ?? table.hosts.get(parseHost(host) ?? '');
  if (entry === undefined) return { kind: 'unknown' };
  const normal = hasPathRules(entry) ? normalizePath(path) : '/';
  const plain = withoutParameters(normal);
  for (const route of entry.routes) {
    if (!covers(route.path, route.path.includes(';') ? normal : plain)) continue;
    if (route.targets.length > 0) return { kind: 'route', entry, route };
    return { kind: 'down', entry, route, sentence: route.sentence };
  }
  if (entry.sentence !== '') return { kind: 'down', entry, route: null, sentence: entry.sentence };
  return { kind: 'no-path', entry };
}

export const hasPathRules = (entry: HostEntry): boolean => entry.routes.some((route) => route.path !== '/');

/**
 * Dot segments, also with parameters (`/..;/`, which Java servers take for one), `%2e`, `%2f`, `%5c` (and a bare
 * backslash), NUL, and the same in overlong UTF-8: an upstream may read them as another path.
 */
export const hasAmbiguousPath = (path: string): boolean =>
  /%2e|%2f|%5c|%00|%c0%a[ef]|%c1%9c|\\/i.test(path) || /(^|\/)\.{1,2}(\/|;|%3b|$)/i.test(path);

/**
 * The matcher's copy of a path: percent-encoded unreserved characters decoded (RFC 3986 6.2.2.2), query cut off, several
 * slashes as one, as common servers read them.
 */
function normalizePath(path: string): string {
  const query = path.search(/[?#]/);
  const bare = singleSlashes(query === -1 ? path : path.slice(0, query));
  if (!bare.includes('%')) return bare;
  return bare.replace(/%[0-9a-f]{2}/gi, (code) => {
    const character = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return /[A-Za-z0-9_~-]/.test(character) ? character : code.toUpperCase();
  });
}

/** RFC 3986 3.3: `/admin;x/a` is `/admin/a` to servers that know parameters of segments. */
const withoutParameters = (path: string): string =>
  path.includes(';') ? singleSlashes(path.replace(/;[^/]*/g, '')) : path;

const singleSlashes = (path: string): string => (path.includes('//') ? path.replace(/\/{2,}/g, '/') : path);

function covers(prefix: string, path: string): boolean {
  if (prefix === '/') return true;
  if (!path.startsWith(prefix)) return false;
  return path.length === prefix.length || prefix.endsWith('/') || path[prefix.length] === '/';
}
