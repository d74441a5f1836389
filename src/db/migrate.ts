/**
 * Applies the migrations that drizzle-kit generated, and keeps drizzle's own book of them. Not by drizzle's migrator:
 * importing drizzle-orm costs more time and memory than all the rest of a start.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';

interface Journal {
  readonly entries: readonly { readonly when: number; readonly tag: string }[];
}

/** The file was written by a newer version, whose migrations this one does not have. */
export class NewerSchema extends Error {
  override readonly name = 'NewerSchema';
}

/**
 * @param folder drizzle-kit's output: `meta/_journal.json` and one `.sql` file a migration
 * @throws {NewerSchema} if the file has migrations that the folder does not
 */
export function migrate(db: Database, folder: string): void {
  const applied = refuseNewer(db, folder);
  const missing = readJournal(folder).entries.filter((entry) => entry.when > applied);
  if (missing.length === 0) return;
  db.transaction(() => {
    db.exec(
      'CREATE TABLE IF NOT EXISTS __drizzle_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, hash text NOT NULL, created_at numeric)',
    );
    const note = db.prepare('INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)');
    for (const { tag, when } of missing) {
      const source = readFileSync(join(folder, `${tag}.sql`), 'utf8');
      for (const statement of source.split('--> statement-breakpoint')) db.exec(statement);
      note.run(createHash('sha256').update(source).digest('hex'), when);
    }
  }).immediate();
}

/**
 * Reads only.
 * @returns when the last migration was made that the file has; 0 if it has none
 * @throws {NewerSchema}
 */
export function refuseNewer(db: Database, folder: string): number {
  const newest = readJournal(folder).entries.at(-1)?.when ?? 0;
  const applied = lastApplied(db);
  if (applied > newest) throw new NewerSchema('it was written by a newer version of Portolan');
  return applied;
}

const readJournal = (folder: string): Journal =>
  JSON.parse(readFileSync(join(folder, 'meta/_journal.json'), 'utf8')) as Journal;

function lastApplied(db: Database): number {
  const known = db.prepare("SELECT 1 FROM sqlite_master WHERE name = '__drizzle_migrations'").get();
  if (known === undefined) return 0;
  const row = db.prepare('SELECT max(created_at) AS newest FROM __drizzle_migrations').get();
  return Number((row as { newest: number | null }).newest ?? 0);
}
