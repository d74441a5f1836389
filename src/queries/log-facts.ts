/** The log's ends and size. */
import type { DatabaseFile } from '../db/open.ts';
import { logPath, sizeOf } from '../log/path.ts';
import type { LogReader } from '../log/port.ts';
import type { LogFacts } from './port.ts';

export function createLogFacts(dataDir: string, log: DatabaseFile, reader: LogReader): () => LogFacts {
  const first = log.prepare('SELECT min(position) FROM events').pluck();
  return () => {
    const { position, hash } = reader.head();
    const firstPosition = (first.get() as number | null) ?? 0;
    const path = logPath(dataDir);
    return {
      position,
      hash,
      firstPosition,
      // Positions are dense.
      events: position === 0 ? 0 : position - firstPosition + 1,
      bytes: sizeOf(path) + sizeOf(`${path}-wal`),
    };
  };
}
