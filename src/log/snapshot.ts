/** Stored folds, so that a start folds only the tail: not part of the history, but vouched for by it. */
import { hash } from 'node:crypto';
import type { DatabaseFile } from '../db/open.ts';
import type { Position } from '../events/ids.ts';
import type { LogReader, Snapshot } from './port.ts';

/** Keeps the newest three. */
export function keepSnapshot(db: DatabaseFile, snapshot: Snapshot): void {
  const { position, foldVersion, chainHash, digest, bytes } = snapshot;
  db.transaction(() => {
    db.prepare(
      'INSERT OR REPLACE INTO snapshots (position, fold_version, chain_hash, digest, bytes) VALUES (?, ?, ?, ?, ?)',
    ).run(position, foldVersion, chainHash, digest, bytes);
    db.prepare(
      'DELETE FROM snapshots WHERE position NOT IN (SELECT position FROM snapshots ORDER BY position DESC LIMIT 3)',
    ).run();
  }).immediate();
}

/** Finds the newest snapshot of a version whose bytes, and place in the chain, the log vouches for. */
export function createSnapshotReader(db: DatabaseFile): LogReader['snapshot'] {
  const newest = db.prepare(
    `SELECT position, fold_version AS foldVersion, chain_hash AS chainHash, digest, bytes FROM snapshots
     WHERE fold_version = ? AND position <= ? ORDER BY position DESC`,
  );
  const hashAt = db.prepare('SELECT hash FROM events WHERE position = ?').pluck();
  const voucher = db
    .prepare(
      `SELECT json_extract(data, '$.digest') FROM events WHERE type = 'SnapshotTaken' AND position > ?
       AND json_extract(data, '$.at') = ? ORDER BY position LIMIT 1`,
    )
    .pluck();

  const isVouchedFor = ({ position, chainHash, digest, bytes }: Snapshot): boolean =>
    hash('sha256', bytes, 'hex') === digest &&
    (hashAt.get(position) as Buffer | undefined)?.toString('hex') === chainHash &&
    voucher.get(position, position) === digest;

  return (foldVersion, atMost = Number.MAX_SAFE_INTEGER as Position) => {
    for (const snapshot of newest.iterate(foldVersion, atMost) as IterableIterator<Snapshot>) {
      if (isVouchedFor(snapshot)) return snapshot;
    }
    return null;
  };
}
