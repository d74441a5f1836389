/** The log's head, noted outside of it: shows a log that was truncated, emptied or replaced by an older copy. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Head } from './append.ts';

export interface NotedHead {
  readonly position: number;
  /** Hexadecimal. */
  readonly hash: string;
}

/** Milliseconds between two notes. */
const interval = 1_000;

export const headPath = (dataDir: string): string => join(dataDir, 'portolan.head');

/** Null if there is none, or none that can be read: a lost note is noted again, it does not stop a start. */
export function readNotedHead(dataDir: string): NotedHead | null {
  try {
    return parse(JSON.parse(readFileSync(headPath(dataDir), 'utf8')));
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** By hand: a schema of zod would cost the writer's thread, which needs no other, 10 MB. */
function parse(note: unknown): NotedHead | null {
  const { position, hash } = (note ?? {}) as Partial<Record<keyof NotedHead, unknown>>;
  if (typeof position !== 'number' || !Number.isSafeInteger(position) || position < 1) return null;
  return typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash) ? { position, hash } : null;
}

export interface HeadNote {
  /** Only with heads that are on disk: the note may lag behind the log, but never lead. At most one a second. */
  take(head: Head): void;
  /** Takes it now. */
  last(head: Pick<Head, 'position' | 'hash'>): void;
}

export function createHeadNote(dataDir: string): HeadNote {
  const path = headPath(dataDir);
  let noted = 0;
  let at = Number.NEGATIVE_INFINITY;

  function last({ position, hash }: Pick<Head, 'position' | 'hash'>): void {
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
