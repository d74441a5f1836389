/** The log's head, noted outside of it: shows a log that was truncated, emptied or replaced by an older copy. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Head } from './append.ts';

const notedHeadSchema = z.object({
  position: z.number().int().positive(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});
export type NotedHead = z.infer<typeof notedHeadSchema>;

/** Milliseconds between two notes. */
const interval = 1_000;

export const headPath = (dataDir: string): string => join(dataDir, 'portolan.head');

/** Null if there is none, or none that can be read: a lost note is noted again, it does not stop a start. */
export function readNotedHead(dataDir: string): NotedHead | null {
  try {
    return notedHeadSchema.parse(JSON.parse(readFileSync(headPath(dataDir), 'utf8')));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

export interface HeadNote {
  /** Only with heads that are on disk: the note may lag behind the log, but never lead. At most one a second. */
  take(head: Head): void;
  /** Takes it now. */
  last(head: Head): void;
}

export function createHeadNote(dataDir: string): HeadNote {
  const path = headPath(dataDir);
  let noted = 0;
  let at = Number.NEGATIVE_INFINITY;

  function last({ position, hash }: Head): void {
    if (position === noted || position === 0) return;
    at = performance.now();
    try {
      writeFileSync(`${path}.new`, `${JSON.stringify({ position, hash: hash.toString('hex') })}\n`);
      renameSync(`${path}.new`, path);
      noted = position;
    } catch (error) {
      // Where this cannot be written, appends cannot be either, and they say so.
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }

  return {
    last,
    take(head) {
      if (head.position !== noted && performance.now() - at >= interval) last(head);
    },
  };
}
