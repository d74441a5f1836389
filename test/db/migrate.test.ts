/** Migrations: applied once, all or none, in drizzle's own book, and made from the schema that stands in the sources. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate as migrateByDrizzle } from 'drizzle-orm/better-sqlite3/migrator';
import { expect, test } from 'vitest';
import { migrate, NewerSchema } from '../../src/db/migrate.ts';
import { openDatabase } from '../../src/db/open.ts';
import { makeFolder } from '../log/support.ts';

const migrations = new URL('../../migrations/log', import.meta.url).pathname;

type File = InstanceType<typeof Database>;
const openFile = (): File => openDatabase(join(makeFolder(), 'any.db'), { synchronous: 'FULL' });
const tables = (db: File) =>
  db.prepare('SELECT type, name, sql FROM sqlite_master ORDER BY type, name').all() as { name: string }[];
const book = (db: File) => db.prepare('SELECT hash, created_at FROM __drizzle_migrations ORDER BY id').all();

test('a fresh file gets them all, a migrated one nothing more', () => {
  const db = openFile();
  migrate(db, migrations);
  const names = tables(db).map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['events', 'specs', 'streams', 'engines', 'snapshots', 'event_log']),
  );
  const applied = book(db);
  migrate(db, migrations);
  expect(book(db)).toEqual(applied);
  db.close();
});

test('the result and the book are those of drizzle, which finds nothing left to do', () => {
  const ours = openFile();
  migrate(ours, migrations);
  const theirs = openFile();
  migrateByDrizzle(drizzle(theirs), { migrationsFolder: migrations });
  const own = (db: File) => tables(db).filter(({ name }) => !/drizzle|sqlite/.test(name));
  expect(own(ours)).toEqual(own(theirs));
  expect(book(ours)).toEqual(book(theirs));
  migrateByDrizzle(drizzle(ours), { migrationsFolder: migrations });
  expect(book(ours)).toEqual(book(theirs));
  ours.close();
  theirs.close();
});

test('one that fails leaves nothing of any', () => {
  const folder = join(makeFolder(), 'migrations');
  cpSync(migrations, folder, { recursive: true });
  const journal = JSON.parse(readFileSync(join(folder, 'meta/_journal.json'), 'utf8'));
  journal.entries.push({ when: journal.entries.at(-1).when + 1, tag: '0099_broken' });
  writeFileSync(join(folder, 'meta/_journal.json'), JSON.stringify(journal));
  writeFileSync(
    join(folder, '0099_broken.sql'),
    'CREATE TABLE one (a);--> statement-breakpoint\nCREATE TABEL two;',
  );
  const db = openFile();
  expect(() => migrate(db, folder)).toThrow(/syntax error/);
  expect(tables(db)).toEqual([]);
  migrate(db, migrations);
  db.close();
});

test('a file that a newer version has migrated is refused', () => {
  const db = openFile();
  migrate(db, migrations);
  db.exec("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 99999999999999)");
  expect(() => migrate(db, migrations)).toThrow(NewerSchema);
  db.close();
});

test.for(['log', 'projections'])('the migrations of the %s are those of its schema', async (name) => {
  const { generateSQLiteDrizzleJson, generateSQLiteMigration } = await import('drizzle-kit/api');
  const folder = new URL(`../../migrations/${name}`, import.meta.url).pathname;
  const journal = JSON.parse(readFileSync(join(folder, 'meta/_journal.json'), 'utf8'));
  const newest = String(journal.entries.at(-1).idx).padStart(4, '0');
  const generated = JSON.parse(readFileSync(join(folder, `meta/${newest}_snapshot.json`), 'utf8'));
  const schema = await import(`../../src/db/${name}-schema.ts`);
  const current = await generateSQLiteDrizzleJson(schema);
  expect(await generateSQLiteMigration(generated, current), 'run npm run db:generate').toEqual([]);
});

test('synchronous holds at a later open of a WAL file, for which better-sqlite3 would fall back to NORMAL', () => {
  const path = join(makeFolder(), 'any.db');
  openDatabase(path, { synchronous: 'FULL' }).close();
  const bare = new Database(path);
  expect(bare.pragma('synchronous', { simple: true })).toBe(1);
  bare.close();
  const db = openDatabase(path, { synchronous: 'FULL' });
  expect(db.pragma('synchronous', { simple: true })).toBe(2);
  expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
  db.close();
});
