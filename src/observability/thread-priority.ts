/** Puts the calling thread behind those that serve. */
import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * On Linux each thread has a niceness of its own; elsewhere nothing happens. It matters only while all cores are busy.
 *
 * Not SCHED_IDLE, which would spare a proxy worker a quarter of its waiting: such a thread that posts a message is put
 * aside as soon as that wakes the receiver, within the port's lock, for which the receiver then waits. Measured with all cores
 * busy with other work: the main thread stood still for up to 0.4 s, where niceness 10 makes it 0.05 s at most.
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
