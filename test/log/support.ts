/** What tests of the log share: folders that are removed, logs that are closed, and looks at the file from outside. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type DatabaseFile, openDatabase } from '../../src/db/open.ts';
import type { Event, NewEvent } from '../../src/events/event.ts';
import type { Position } from '../../src/events/ids.ts';
import { openLog } from '../../src/log/log.ts';
import { logPath } from '../../src/log/path.ts';
import type { Log, LogReader } from '../../src/log/port.ts';
import { createLogReader } from '../../src/log/read.ts';
import { type ExpectedHead, type Verification, verifyChain } from '../../src/log/verify.ts';
import { quiet } from './fixtures.ts';

export const start = 0 as Position;

export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portolan-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Closed when the test ends, if not before. */
export async function open(dataDir: string): Promise<Log> {
  const log = await openLog({ dataDir, logger: quiet });
  let closed: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closed ??= log.close();
    return closed;
  };
  onTestFinished(close);
  return { ...log, close };
}

/** Appends at the head. */
export async function appendTo(log: Log, batch: readonly NewEvent[], now = 1_767_600_000_000) {
  const outcome = await log.append(batch, log.head().position, now);
  if (outcome.kind !== 'appended') throw new Error(`the append ended as ${outcome.kind}`);
  return outcome;
}

export function readWith<T>(dataDir: string, question: (reader: LogReader) => T): T {
  const reader = createLogReader(dataDir);
  try {
    return question(reader);
  } finally {
    reader.close();
  }
}

/** Fails on an event that cannot be read. */
export const readAll = (dataDir: string): Event[] =>
  readWith(dataDir, (reader) => {
    const events: Event[] = [];
    for (;;) {
      const more = reader.read((events.at(-1)?.position ?? 0) as Position, 500, (event) => {
        throw new Error(`position ${event.position}: ${event.problem}`);
      });
      if (more.length === 0) return events;
      events.push(...more);
    }
  });

export function withFile<T>(dataDir: string, use: (db: DatabaseFile) => T): T {
  const db = openDatabase(logPath(dataDir), { synchronous: 'FULL' });
  try {
    return use(db);
  } finally {
    db.close();
  }
}

/** As someone who can write the file, but does not mind its triggers. */
export const forge = (dataDir: string, sql: string): void =>
  withFile(dataDir, (db) => {
    const triggers = db.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all() as {
      name: string;
      sql: string;
    }[];
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
    db.exec(sql);
    for (const trigger of triggers) db.exec(trigger.sql);
  });

export const verify = (dataDir: string, expected?: ExpectedHead): Verification =>
  withFile(dataDir, (db) => verifyChain(db, expected));

/** Copies the named files that are there to a new folder. */
export function copyOf(dataDir: string, files: readonly string[]): string {
  const folder = makeFolder();
  for (const file of files) {
    const path = join(dataDir, file);
    if (existsSync(path)) copyFileSync(path, join(folder, file));
  }
  return folder;
}

/**
 * Digests of all files, but for SQLite's shared memory and an empty WAL, which any reader makes. Made by a process of
 * its own: POSIX drops a process's locks on a file when it closes any handle of it.
 */
export function fingerprint(dataDir: string): unknown {
  const script = `
    const { createHash } = require('node:crypto'), { readdirSync, readFileSync, statSync } = require('node:fs');
    const isMade = (file) => file.endsWith('-shm') || (file.endsWith('-wal') && statSync(file).size === 0);
    const files = readdirSync('.').filter((file) => !isMade(file)).sort();
    const digest = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');
    console.log(JSON.stringify(files.map((file) => [file, digest(file)])));`;
  return JSON.parse(execFileSync(process.execPath, ['-e', script], { cwd: dataDir, encoding: 'utf8' }));
}
