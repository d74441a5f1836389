/** What becomes of a request: a route with targets, or an answer of the proxy's own, with the sentence that says why. */
import { hasAmbiguousPath, hasPathRules, match } from './match.ts';
import type { RoutingTable, TableRoute } from './table.ts';

export interface OwnOutcome {
  readonly kind: 'own';
  readonly status: 400 | 404 | 503;
  readonly sentence: string;
  /** Seconds. */
  readonly retryAfter?: number | undefined;
  /** The request is ambiguous: nothing more should be read from its connection. */
  readonly close?: boolean | undefined;
  /** It was found, but is down. */
  readonly route?: TableRoute | null;
}

export type Outcome = { readonly kind: 'route'; readonly route: TableRoute } | OwnOutcome;

/**
 * @param host as `parseHost` gives it
 * @param target path and query, or `*`, as the upstream gets it
 */
export function outcomeOf(table: RoutingTable, host: string, target: string): Outcome {
  if (table.trust === 'holding') return unavailable('the Docker engine has not told yet what is running.', 1);
  if (table.trust === 'distrusted')
    return unavailable(
      'the Docker engine has not told yet what is running, and what was last known may be of another boot of the machine.',
      1,
    );
  const query = target.indexOf('?');
  const path = target === '*' ? '/' : query === -1 ? target : target.slice(0, query);
  const found = match(table, host, path);
  if (found.kind === 'unknown') return { kind: 'own', status: 404, sentence: neverSeen(host) };
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

export const neverSeen = (host: string): string => `no container has answered as ${host} so far.`;

const unavailable = (sentence: string, retryAfter: number, route: TableRoute | null = null): OwnOutcome => ({
  kind: 'own',
  status: 503,
  sentence,
  retryAfter,
  route,
});
