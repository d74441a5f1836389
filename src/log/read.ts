/** Reads the log on the calling thread, beside the writer. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { openDatabase } from '../db/open.ts';
import type { Event } from '../events/event.ts';
import type { Position } from '../events/ids.ts';
import { readHead } from './append.ts';
import type { LogReader, Snapshot } from './port.ts';
import { columns, createRows, isUnreadable, type Row } from './rows.ts';

/** Rows taken at once, so that no read transaction stays open for long. */
const page = 2_000;

export const logPath = (dataDir: string): string => join(dataDir, 'portolan.db');

/** @throws {SqliteError} if the file is not there or cannot be read */
export function createLogReader(dataDir: string): LogReader {
  const db = openDatabase(logPath(dataDir), { readonly: true, synchronous: 'FULL' });
  const rows = createRows(db);
  const after = db.prepare(`SELECT ${columns} FROM events WHERE position > ? ORDER BY position LIMIT ?`);
  const at = db.prepare(`SELECT ${columns} FROM events WHERE position = ?`);
  const byId = db.prepare('SELECT position FROM events WHERE id = ?').pluck();
  const lastOf = db.prepare(`SELECT ${columns} FROM events WHERE type = ? ORDER BY position DESC LIMIT 1`);
  const snapshots = db.prepare(
    `SELECT position, fold_version AS foldVersion, chain_hash AS chainHash, digest, bytes FROM snapshots
     WHERE fold_version = ? ORDER BY position DESC`,
  );
  const hashAt = db.prepare('SELECT hash FROM events WHERE position = ?').pluck();
  const vouchers = db.prepare(
    "SELECT data FROM events WHERE type = 'SnapshotTaken' AND position > ? ORDER BY position",
  );

  const readable = (row: Row | undefined): Event | null => {
    const event = row === undefined ? null : rows.toEvent(row);
    return event === null || isUnreadable(event) ? null : event;
  };

  /** Its bytes are those that the chain vouches for, and its chain hash is that of the log. */
  function isVouchedFor(snapshot: Snapshot): boolean {
    if (createHash('sha256').update(snapshot.bytes).digest('hex') !== snapshot.digest) return false;
    const hash = hashAt.get(snapshot.position) as Buffer | undefined;
    if (hash?.toString('hex') !== snapshot.chainHash) return false;
    for (const { data } of vouchers.iterate(snapshot.position) as IterableIterator<{ data: string | null }>) {
      const voucher = JSON.parse(data ?? '{}') as { at?: number; digest?: string };
      if (voucher.at === snapshot.position) return voucher.digest === snapshot.digest;
    }
    return false;
  }

  return {
    head() {
      const head = readHead(db);
      return { ...head, position: head.position as Position, hash: head.hash.toString('hex') };
    },
    read(position, limit, onUnreadable) {
      const events: Event[] = [];
      for (const row of after.all(position, limit) as Row[]) {
        const event = rows.toEvent(row);
        if (isUnreadable(event)) onUnreadable(event);
        else events.push(event);
      }
      return events;
    },
    fold(position, onEvent, onUnreadable) {
      let last = position;
      for (;;) {
        const found = after.all(last, page) as Row[];
        for (const row of found) {
          const event = rows.toEvent(row);
          if (isUnreadable(event)) onUnreadable(event);
          else onEvent(event);
        }
        last = (found.at(-1)?.position ?? last) as Position;
        if (found.length < page) return last;
      }
    },
    event: (position) => readable(at.get(position) as Row | undefined),
    positionOf: (id) => (byId.get(Buffer.from(id, 'hex')) as Position | undefined) ?? null,
    last: (type) => readable(lastOf.get(type) as Row | undefined),
    snapshot(foldVersion) {
      for (const snapshot of snapshots.iterate(foldVersion) as IterableIterator<Snapshot>) {
        if (isVouchedFor(snapshot)) return snapshot;
      }
      return null;
    },
    close: () => db.close(),
  };
}
