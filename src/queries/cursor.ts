/** Opaque cursors of pages: where the last one ended. */
import { z } from 'zod';

/** A cursor that we did not make, or not for this list. */
export class BadCursor extends Error {
  override readonly name = 'BadCursor';
}

const cursorSchema = z.array(z.union([z.string().max(1_024), z.number()])).max(3);
export type CursorKey = z.infer<typeof cursorSchema>;

export const encodeCursor = (key: CursorKey): string =>
  Buffer.from(JSON.stringify(key)).toString('base64url');

/** @throws {BadCursor} */
export function decodeCursor<const Kinds extends readonly ('string' | 'number')[]>(
  cursor: string | undefined,
  kinds: Kinds,
): { [Index in keyof Kinds]: Kinds[Index] extends 'string' ? string : number } | null {
  if (cursor === undefined) return null;
  const parsed = parse(cursor);
  const fits = parsed?.length === kinds.length && parsed.every((part, index) => typeof part === kinds[index]);
  // biome-ignore lint/suspicious/noExplicitAny: checked against the kinds in the line before
  if (fits) return parsed as any;
  throw new BadCursor('the cursor is not one of this list; leave it out, or take `next` of the page before');
}

function parse(cursor: string): CursorKey | null {
  try {
    return cursorSchema.safeParse(JSON.parse(Buffer.from(cursor, 'base64url').toString())).data ?? null;
  } catch {
    return null;
  }
}

/** Cuts a page out of rows of which one more than asked for was read. */
export function pageOf<Row, View>(
  rows: readonly Row[],
  limit: number,
  view: (row: Row) => View,
  key: (row: Row) => CursorKey,
): { items: View[]; next?: string } {
  const items = rows.slice(0, limit).map(view);
  const last = rows[limit - 1];
  return rows.length > limit && last !== undefined ? { items, next: encodeCursor(key(last)) } : { items };
}
