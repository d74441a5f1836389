/** Opaque cursors of pages: where the last one ended. */
import { z } from 'zod';
import type { Paging } from './port.ts';

/** A cursor that we did not make, or not for this list. */
export class BadCursor extends Error {
  override readonly name = 'BadCursor';
}

/** Lists have keys of the same shape: each cursor names its own. */
export type List =
  | 'routes'
  | 'routes of a host'
  | 'hosts'
  | 'history'
  | 'diff'
  | 'timeline'
  | 'events asc'
  | 'events desc'
  | 'audit'
  | 'incarnations'
  | 'containers'
  | 'refusals'
  | 'causes'
  | 'replays';

const cursorSchema = z.tuple([z.string()]).rest(z.union([z.string().max(1_024), z.number()]));
export type CursorKey = readonly (string | number)[];

export const encodeCursor = (list: List, key: CursorKey): string =>
  Buffer.from(JSON.stringify([list, ...key])).toString('base64url');

/** @throws {BadCursor} */
export function decodeCursor<const Kinds extends readonly ('string' | 'number')[]>(
  list: List,
  cursor: string | undefined,
  kinds: Kinds,
): { [Index in keyof Kinds]: Kinds[Index] extends 'string' ? string : number } | null {
  if (cursor === undefined) return null;
  const [named, ...parsed] = parse(cursor) ?? [];
  const fits =
    named === list &&
    parsed.length === kinds.length &&
    parsed.every((part, index) => typeof part === kinds[index]);
  // biome-ignore lint/suspicious/noExplicitAny: checked against the kinds in the line before
  if (fits) return parsed as any;
  throw new BadCursor('the cursor is not one of this list; leave it out, or take `next` of the page before');
}

/** Cuts a page out of a list that is there as a whole. @param key names an entry, and orders them */
export function cutPage<Item>(
  list: List,
  items: readonly Item[],
  { limit, cursor }: Paging,
  key: (item: Item) => string,
): { items: Item[]; next?: string } {
  const [after] = decodeCursor(list, cursor, ['string']) ?? [null];
  const rest = items
    .map((item) => ({ item, key: key(item) }))
    .filter((one) => after === null || one.key > after)
    .sort((one, other) => (one.key < other.key ? -1 : 1));
  return pageOf(
    list,
    rest,
    limit,
    ({ item }) => item,
    (last) => [last.key],
  );
}

function parse(cursor: string): z.infer<typeof cursorSchema> | null {
  try {
    return cursorSchema.safeParse(JSON.parse(Buffer.from(cursor, 'base64url').toString())).data ?? null;
  } catch {
    return null;
  }
}

/** Cuts a page out of rows of which one more than asked for was read. */
export function pageOf<Row, View>(
  list: List,
  rows: readonly Row[],
  limit: number,
  view: (row: Row) => View,
  key: (row: Row) => CursorKey,
): { items: View[]; next?: string } {
  const items = rows.slice(0, limit).map(view);
  const last = rows[limit - 1];
  return rows.length > limit && last !== undefined
    ? { items, next: encodeCursor(list, key(last)) }
    : { items };
}
