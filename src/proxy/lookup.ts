/** Finds what to do with a request: a route with targets, or the proxy's own answer. */
import { hasAmbiguousPath, hasPathRules, match } from '../routing/match.ts';
import type { RoutingTable, TableRoute } from '../routing/table.ts';
import type { OwnAnswer } from './error-page.ts';

export type Found =
  | { readonly kind: 'route'; readonly route: TableRoute }
  /** `route` if it was found, but is down. */
  | ({ readonly kind: 'own'; readonly route?: TableRoute | null } & OwnAnswer);

const unavailable = (sentence: string, retryAfter: number, route: TableRoute | null = null): Found => ({
  kind: 'own',
  status: 503,
  sentence,
  retryAfter,
  route,
});

/** @param target path and query, or `*`, as the upstream gets it */
export function lookUp(table: RoutingTable, host: string, target: string): Found {
  if (table.trust === 'holding') return unavailable('the Docker engine has not told yet what is running.', 1);
  if (table.trust === 'distrusted')
    return unavailable(
      'the machine was started anew and the Docker engine has not told yet what is running.',
      1,
    );
  const query = target.indexOf('?');
  const path = target === '*' ? '/' : query === -1 ? target : target.slice(0, query);
  const found = match(table, host, path);
  if (found.kind === 'unknown')
    return { kind: 'own', status: 404, sentence: `no container has answered as ${host} so far.` };
  if (hasPathRules(found.entry) && hasAmbiguousPath(path)) {
    const sentence = 'the path has dot segments or encoded separators, on a host that routes by path.';
    return { kind: 'own', status: 400, sentence, close: true };
  }
  switch (found.kind) {
    case 'route':
      return { kind: 'route', route: found.route };
    case 'down':
      return unavailable(found.sentence, 5, found.route);
    case 'no-path':
      return { kind: 'own', status: 404, sentence: `no route of ${host} covers this path.` };
    default:
      return found satisfies never;
  }
}
