/** Restart policies: whether a container that ended is started again, and after how long. */
import type { Container } from './container.ts';
import type { Timings } from './timings.ts';

/** After its process ended by itself (moby 20.10: restartmanager). */
export function isRestarted({ restart, restartCount, exitCode, manuallyStopped }: Container): boolean {
  if (manuallyStopped) return false;
  switch (restart.name) {
    case 'no':
      return false;
    case 'always':
    case 'unless-stopped':
      return true;
    case 'on-failure':
      return exitCode !== 0 && (restart.maximumRetryCount === 0 || restartCount < restart.maximumRetryCount);
    default:
      return restart.name satisfies never;
  }
}

/** When the daemon comes back and finds it ended: here `always` is meant also for one that was stopped. */
export const isRestored = (container: Container): boolean =>
  container.startedAt !== null &&
  container.status === 'exited' &&
  (container.restart.name === 'always' || isRestarted(container));

/** Milliseconds to wait; doubles with each end that comes soon after the start. */
export function nextBackoff(before: number, uptime: number, timings: Timings): number {
  if (before === 0 || uptime > timings.restartReset) return timings.restartBackoff;
  return Math.min(before * 2, 60_000);
}
