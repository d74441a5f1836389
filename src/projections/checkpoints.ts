/** How far each projection has come, kept in the same transaction as its rows. */
import type { DatabaseFile } from '../db/open.ts';
import type { Position } from '../events/ids.ts';
import type { LogReader } from '../log/port.ts';
import type { Projection } from './projection.ts';

/** @param hash of the event at `position`; empty if that one cannot be read */
export interface Checkpoint {
  readonly position: number;
  readonly hash: string;
}

export interface Checkpoints {
  keep(projection: Projection, checkpoint: Checkpoint): void;
  /** Where it goes on: from the start, with its tables emptied, if it was made by another version or from another log. */
  resume(projection: Projection, log: LogReader): number;
}

export function createCheckpoints(db: DatabaseFile): Checkpoints {
  const get = db.prepare('SELECT version, position, hash FROM checkpoints WHERE name = ?');
  const put = db.prepare(
    'INSERT OR REPLACE INTO checkpoints (name, version, position, hash) VALUES (?, ?, ?, ?)',
  );
  return {
    keep: ({ name, version }, { position, hash }) => put.run(name, version, position, hash),
    resume(projection, log) {
      const kept = get.get(projection.name) as (Checkpoint & { version: number }) | undefined;
      if (kept?.version === projection.version && isOf(log, kept)) return kept.position;
      db.transaction(() => {
        for (const table of projection.tables) db.exec(`DELETE FROM ${table}`);
        // Who reads the file sees that it is there, and knows nothing yet.
        put.run(projection.name, projection.version, 0, '');
      }).immediate();
      return 0;
    },
  };
}

/** An event that cannot be read tells nothing, but it is there. */
function isOf(log: LogReader, { position, hash }: Checkpoint): boolean {
  if (position > log.head().position) return false;
  const event = log.event(position as Position);
  return event === null || hash === '' || event.hash === hash;
}
