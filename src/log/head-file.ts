/** The log's head, noted outside of it: shows a log that was truncated, emptied or replaced by an older copy. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const notedHeadSchema = z.object({
  position: z.number().int().positive(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});
export type NotedHead = z.infer<typeof notedHeadSchema>;

const pathOf = (dataDir: string): string => join(dataDir, 'portolan.head');

/** Only for heads that are on disk: the note may lag behind the log, but never lead. */
export function noteHead(dataDir: string, head: NotedHead): void {
  const path = pathOf(dataDir);
  writeFileSync(`${path}.new`, `${JSON.stringify(head)}\n`);
  renameSync(`${path}.new`, path);
}

/** Null if there is none, or none that can be read: a lost note is noted again, it does not stop a start. */
export function readNotedHead(dataDir: string): NotedHead | null {
  const path = pathOf(dataDir);
  if (!existsSync(path)) return null;
  try {
    return notedHeadSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}
