/** Pages of lists: where one ends, and which cursors are taken. */
import { describe, expect, test } from 'vitest';
import { BadCursor, cutPage, decodeCursor, encodeCursor, pageOf } from '../../src/queries/cursor.ts';

const page = (rows: readonly number[], limit: number) =>
  pageOf(
    'hosts',
    rows,
    limit,
    (row) => `row ${row}`,
    (row) => [`${row}`],
  );

describe('a page', () => {
  test('that has all there is names no next one, also where it is full', () => {
    expect(page([], 2)).toEqual({ items: [] });
    expect(page([1], 2)).toEqual({ items: ['row 1'] });
    expect(page([1, 2], 2)).toEqual({ items: ['row 1', 'row 2'] });
  });

  test('goes on after its last row where one more was read', () => {
    const { items, next } = page([1, 2, 3], 2);
    expect(items).toEqual(['row 1', 'row 2']);
    expect(decodeCursor('hosts', next, ['string'])).toEqual(['2']);
  });

  test('of a list that is there as a whole begins after the entry that its cursor names, there or not', () => {
    const cut = (cursor?: string) =>
      cutPage('containers', ['c', 'a', 'b'], { limit: 2, cursor }, (one) => one);
    const first = cut();
    expect(first.items).toEqual(['a', 'b']);
    expect(cut(first.next)).toEqual({ items: ['c'] });
    expect(cut(encodeCursor('containers', ['aa'])).items).toEqual(['b', 'c']);
  });
});

test('a cursor of another list, of another shape, or of no shape is refused', () => {
  const good = encodeCursor('timeline', ['shop.test', 7, 'id']);
  expect(decodeCursor('timeline', good, ['string', 'number', 'string'])).toEqual(['shop.test', 7, 'id']);
  expect(decodeCursor('timeline', undefined, ['string'])).toBeNull();
  for (const [cursor, kinds] of [
    [encodeCursor('hosts', ['shop.test', 7, 'id']), ['string', 'number', 'string']],
    [encodeCursor('timeline', ['shop.test', 7]), ['string', 'number', 'string']],
    [encodeCursor('timeline', ['shop.test', 7, 'id', 8]), ['string', 'number', 'string']],
    [encodeCursor('timeline', ['shop.test', '7', 'id']), ['string', 'number', 'string']],
    [encodeCursor('timeline', ['x'.repeat(2_000)]), ['string']],
    ['not base64 of JSON', ['string']],
    ['', ['string']],
  ] as const)
    expect(() => decodeCursor('timeline', cursor, kinds)).toThrow(BadCursor);
});
