/** Lets connections that wait at a closing listener go to one that stays (Linux 5.14, `net.ipv4.tcp_migrate_req`). */
import { readFileSync, writeFileSync } from 'node:fs';

const setting = '/proc/sys/net/ipv4/tcp_migrate_req';

/**
 * @returns the way back to how it was, or null where this is not permitted or not known: connections that wait at the
 * moment of a hand-over may then be reset
 */
export function migrateConnections(path = setting): (() => void) | null {
  try {
    const before = readFileSync(path, 'utf8').trim();
    if (before === '1') return () => undefined;
    writeFileSync(path, '1');
    return () => putBack(path, before);
  } catch {
    return null;
  }
}

/** Left as it is if that fails: it does no harm. */
function putBack(path: string, before: string): void {
  try {
    writeFileSync(path, before);
  } catch {
    // Nothing depends on it.
  }
}
