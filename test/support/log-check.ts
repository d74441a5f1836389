/** Looks at a log's file from outside, as a script might: is its chain whole, is any key doubled. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../src/db/open.ts';
import { verifyChain } from '../../src/log/verify.ts';

export function checkLog(dataDir: string): { valid: boolean; doubled: number } & { events?: number } {
  const path = join(dataDir, 'portolan.db');
  if (!existsSync(path)) return { valid: true, doubled: 0, events: 0 };
  const db = openDatabase(path, { readonly: true, synchronous: 'FULL' });
  try {
    const { valid } = verifyChain(db);
    const doubled = db.prepare('SELECT count(*) - count(DISTINCT id) FROM events').pluck().get() as number;
    const events = db.prepare('SELECT count(*) FROM events').pluck().get() as number;
    return events === 0 ? { valid, doubled, events } : { valid, doubled };
  } finally {
    db.close();
  }
}
