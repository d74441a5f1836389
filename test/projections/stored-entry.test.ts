/** A host's entry comes back as it was kept, though a sentence that a route has as well is kept once. */
import { expect, test } from 'vitest';
import type { Host, RouteId } from '../../src/events/ids.ts';
import { restoreEntry, storeEntry } from '../../src/projections/stored-entry.ts';
import type { HostEntry, TableRoute } from '../../src/routing/table.ts';

const host = 'web.docker.localhost' as Host;
const down = (path: string, sentence: string): TableRoute => ({
  id: path as RouteId,
  path,
  targets: [],
  sentence,
});

const entries: Record<string, HostEntry> = {
  'one route that is down': { host, routes: [down('/', 'it exited.')], sentence: 'it exited.' },
  'the sentence of the second of two': {
    host,
    routes: [down('/api', 'it is paused.'), down('/', 'it exited.')],
    sentence: 'it exited.',
  },
  'two that say the same': {
    host,
    routes: [down('/api', 'it exited.'), down('/', 'it exited.')],
    sentence: 'it exited.',
  },
  'no route at all': { host, routes: [], sentence: 'that container no longer exists.' },
  'a sentence that none of them has': {
    host,
    routes: [down('/', 'it is paused.')],
    sentence: 'it was removed.',
  },
  'nothing to say': { host, routes: [down('/', '')], sentence: '' },
};

for (const [name, entry] of Object.entries(entries)) {
  test(`an entry comes back as it was: ${name}`, () => {
    expect(restoreEntry(host, storeEntry(entry))).toEqual(entry);
  });
}

test('a sentence is kept once', () => {
  const stored = storeEntry(entries['the sentence of the second of two']!);
  expect(stored.split('it exited.')).toHaveLength(2);
});
