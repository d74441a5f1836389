/** Puts the calling thread behind those that serve. */
import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * On Linux each thread has a niceness of its own; elsewhere nothing happens. It matters only while all cores are busy.
 * @param nice 0 (as all) to 19
 */
export function lowerPriority(nice: number): void {
  if (process.platform !== 'linux') return;
  try {
    const thread = Number(/\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self'))?.[1]);
    if (Number.isInteger(thread)) setPriority(thread, nice);
  } catch {
    // Without /proc, or where it is forbidden: it was only to be kind.
  }
}
