/** A host's entry as `host_entries` keeps it: JSON, and a sentence that a route has, too, is there once. */
import type { Host } from '../events/ids.ts';
import type { HostEntry } from '../routing/table.ts';

type Stored = Pick<HostEntry, 'routes'> & {
  /** That of the route with this index. */
  readonly sentence: string | number;
};

export function storeEntry({ routes, sentence }: HostEntry): string {
  const told = sentence === '' ? -1 : routes.findIndex((route) => route.sentence === sentence);
  const stored: Stored = { routes, sentence: told === -1 ? sentence : told };
  return JSON.stringify(stored);
}

export function restoreEntry(host: Host, text: string): HostEntry {
  const { routes, sentence } = JSON.parse(text) as Stored;
  return { host, routes, sentence: typeof sentence === 'number' ? routes[sentence]!.sentence : sentence };
}
