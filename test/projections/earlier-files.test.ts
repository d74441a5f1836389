/** A data folder of any version so far: its log is the same history, and its projections become those of now. */
import { cpSync, createReadStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { migrate } from '../../src/db/migrate.ts';
import { type DatabaseFile, openDatabase } from '../../src/db/open.ts';
import { importLog } from '../../src/log/import.ts';
import { openLog } from '../../src/log/log.ts';
import { logPath } from '../../src/log/path.ts';
import { verifyLog } from '../../src/log/verify-log.ts';
import { allProjections } from '../../src/projections/registry.ts';
import { dump, foldAll, projecting, scratch, silent } from '../support/projecting.ts';

const root = join(import.meta.dirname, '../..');
const golden = join(root, 'test/fixtures/golden-log.ndjson');

interface Journal {
  readonly entries: readonly { readonly tag: string }[];
}
const journalOf = (folder: string): Journal =>
  JSON.parse(readFileSync(join(root, folder, 'meta/_journal.json'), 'utf8')) as Journal;
const generationsOf = (folder: string): number[] => journalOf(folder).entries.map((_, index) => index + 1);

/** A file as the version had it that knew so many migrations. */
function makeEarlier(folder: string, known: number, path: string, fill: (db: DatabaseFile) => void): void {
  const copy = `${path}.migrations`;
  cpSync(join(root, folder), copy, { recursive: true });
  const journal = journalOf(folder);
  const earlier = { ...journal, entries: journal.entries.slice(0, known) };
  writeFileSync(join(copy, 'meta/_journal.json'), JSON.stringify(earlier));
  const db = openDatabase(path, { synchronous: 'NORMAL' });
  try {
    migrate(db, copy);
    fill(db);
  } finally {
    db.close();
  }
}

/** The golden log, and what is folded from it. */
async function goldenFolder(dataDir: string) {
  const { head } = await importLog({ dataDir, input: createReadStream(golden) });
  projecting(dataDir, 'projections.db', (projector) => foldAll(projector));
  return { head, rows: dump(join(dataDir, 'projections.db')) };
}

test.for(generationsOf('migrations/log'))('a log of %i migrations is the same history now', async (known) => {
  using folder = scratch();
  const { dataDir } = folder;
  const { head, rows } = await goldenFolder(dataDir);
  const earlier = join(dataDir, 'earlier');
  mkdirSync(earlier);
  makeEarlier('migrations/log', known, logPath(earlier), (db) => {
    db.prepare('ATTACH ? AS now').run(logPath(dataDir));
    for (const table of ['streams', 'engines', 'specs', 'events'])
      db.exec(`INSERT INTO main.${table} SELECT * FROM now.${table}`);
    db.exec('DETACH now');
  });
  const log = await openLog({ dataDir: earlier, logger: silent });
  expect(log.head()).toMatchObject(head);
  await log.close();
  expect(await verifyLog({ dataDir: earlier })).toMatchObject({ valid: true, checkedTo: head.position });
  projecting(earlier, 'projections.db', (projector) => foldAll(projector));
  expect(dump(join(earlier, 'projections.db'))).toEqual(rows);
});

test.for(generationsOf('migrations/projections'))(
  'projections of %i migrations become those of now',
  async (known) => {
    using folder = scratch();
    const { dataDir } = folder;
    const { head, rows } = await goldenFolder(dataDir);
    makeEarlier('migrations/projections', known, join(dataDir, 'earlier.db'), (db) => {
      const keep = db.prepare('INSERT INTO checkpoints (name, version, position, hash) VALUES (?, ?, ?, ?)');
      for (const { name } of allProjections) keep.run(name, 0, head.position, head.hash);
      db.exec(`INSERT INTO routes (id, host, path, owner, state, targets, since, position)
      VALUES ('old', 'old.test', '/', 'old', 'open', '[]', 1, 1)`);
      db.exec(`INSERT INTO containers (engine, id, name, observation, since, position)
      VALUES ('old', 'old', 'old', '{}', 1, 1)`);
    });
    projecting(dataDir, 'earlier.db', (projector) => foldAll(projector));
    expect(dump(join(dataDir, 'earlier.db'))).toEqual(rows);
  },
);
