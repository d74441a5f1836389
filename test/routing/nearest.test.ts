/** Names that are near, held against the definition of the distance. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nearest, nearestHosts } from '../../src/routing/nearest.ts';

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });

test('what is near is what the plain definition of the edit distance says', () => {
  const within = fc.constantFrom(0, 1, 2, 3, 5, Number.POSITIVE_INFINITY);
  fc.assert(
    fc.property(
      word,
      fc.uniqueArray(word, { maxLength: 12 }),
      within,
      fc.integer({ min: 1, max: 4 }),
      (name, names, farthest, most) => {
        const wanted = names
          .map((other) => ({ other, edits: editsBetween(name, other) }))
          .filter(({ edits }) => edits <= farthest)
          .sort((one, two) => one.edits - two.edits || (one.other < two.other ? -1 : 1))
          .slice(0, most);
        expect(nearest(name, names, farthest, most)).toEqual(wanted.map(({ other }) => other));
      },
    ),
    { numRuns: 2_000 },
  );
});

test('hosts that share all but a few letters are told apart', () => {
  const names = ['web.shop.docker.localhost', 'api.shop.docker.localhost', 'nginx1.docker.localhost'];
  expect(nearest('wep.shop.docker.localhost', names, 5, 2)).toEqual([
    'web.shop.docker.localhost',
    'api.shop.docker.localhost',
  ]);
  expect(nearest('nginx2.docker.localhost', names, 2)).toEqual(['nginx1.docker.localhost']);
  expect(nearest('postgres.docker.localhost', names, 2)).toEqual([]);
});

test('a name without its domain leads to the hosts that begin with it', () => {
  const hosts = ['webs.docker.localhost', 'web.shop.docker.localhost', 'web.docker.localhost', 'wed'];
  expect(nearestHosts('web', hosts)).toEqual(['web.docker.localhost', 'web.shop.docker.localhost', 'wed']);
  expect(nearestHosts('web.shop', hosts)).toEqual([]);
});

test('a short name of which nearly all letters differ is not near for the length of the domain that both have', () => {
  const hosts = ['nc-web.docker.localhost', 'nginx1.docker.localhost'];
  expect(nearestHosts('nope.docker.localhost', hosts)).toEqual([]);
  expect(nearestHosts('nc-plain.docker.localhost', hosts)).toEqual([]);
  expect(nearestHosts('ngnix1.docker.localhost', hosts)).toEqual(['nginx1.docker.localhost']);
  expect(nearestHosts('nginx.docker.localhost', hosts)).toEqual(['nginx1.docker.localhost']);
});

test('long names, with what they share at both ends and with letters of all kinds, are as far as the matrix says', () => {
  const letter = fc.constantFrom('a', 'b', '-', '.', '0', 'é', '\u{1F433}');
  const long = fc.string({ unit: letter, maxLength: 50 });
  const shared = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 70 });
  const within = fc.constantFrom(1, 4, 20, Number.POSITIVE_INFINITY);
  fc.assert(
    fc.property(shared, long, long, shared, within, (head, one, other, tail, farthest) => {
      const [name, known] = [head + one + tail, head + other + tail];
      const isNear = matrixEdits(name, known) <= farthest;
      expect(nearest(name, [known], farthest)).toEqual(isNear ? [known] : []);
    }),
    { numRuns: 2_000 },
  );
});

/** Row by row, all of it. */
function matrixEdits(one: string, other: string): number {
  let above = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= other.length; j += 1)
      row.push(
        Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1)),
      );
    above = row;
  }
  return above[other.length]!;
}

/** By the recursion itself (Levenshtein 1966). */
function editsBetween(one: string, other: string): number {
  if (one === '' || other === '') return one.length + other.length;
  const [a, b] = [one.slice(1), other.slice(1)];
  if (one[0] === other[0]) return editsBetween(a, b);
  return 1 + Math.min(editsBetween(a, other), editsBetween(one, b), editsBetween(a, b));
}
