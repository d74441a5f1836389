/**
 * Whether the log's files are still those that were opened. SQLite goes on writing into one that was moved or removed: nobody
 * who opens the folder then sees it, and what was removed ends with the process.
 */
import { statSync } from 'node:fs';
import { LogUnwritable } from './port.ts';

/** Milliseconds that a look counts for: of appends in a row each would else take a fifth longer. */
export const looked = 50;

/** @param path of the log that was opened just now @returns a check that throws `LogUnwritable` */
export function createInPlaceCheck(path: string): () => void {
  const wal = `${path}-wal`;
  const places = [placeOf(path), placeOf(wal)];
  let until = 0;
  return () => {
    const now = performance.now();
    if (now < until) return;
    if (isGone(path, places[0]))
      throw gone(path, 'put it back as it was; where it is gone, a restart says what was lost');
    if (isGone(wal, places[1]))
      throw gone(wal, 'put it back, or stop Portolan by SIGTERM, which saves what was in it');
    until = now + looked;
  };
}

function isGone(file: string, before: string | null | undefined): boolean {
  const place = placeOf(file);
  return place !== null && place !== before;
}

const gone = (file: string, hint: string): LogUnwritable =>
  new LogUnwritable(`${file} was moved, replaced or removed while it was open`, 'io', hint);

/** Empty if there is no such file; null if that cannot be told. */
function placeOf(file: string): string | null {
  try {
    const found = statSync(file, { bigint: true, throwIfNoEntry: false });
    return found === undefined ? '' : `${found.dev}:${found.ino}`;
  } catch {
    // A folder that cannot be looked into says nothing about the file.
    return null;
  }
}
