/** An outage of the log: tries to write again, records the gap, and has the engine listed so that nothing stays untold. */
import type { LogUnwritable } from '../log/port.ts';
import type { Input } from '../routing/record.ts';
import type { Loop } from './loop.ts';
import { journal } from './notes.ts';

export interface Outage {
  /** @returns whether it is news: each further try in vain says the same */
  begin(error: LogUnwritable): boolean;
  /** One line with the way out; empty while the log can be written. */
  problem(): string;
  stop(): void;
}

/** Milliseconds between two tries. */
const interval = 1_000;

export function createOutage(deps: {
  readonly loop: () => Loop;
  readonly now: () => number;
  /** The gap is recorded; what the engine has now must be taken in again. */
  readonly onOver: () => void;
  readonly onError: (error: unknown) => void;
}): Outage {
  let since = 0;
  let problem = '';
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;

  async function attempt(): Promise<void> {
    if (await deps.loop().retry(gap)) {
      problem = '';
      deps.onOver();
    } else arm();
  }

  const gap = (lost: number): Input => {
    const now = deps.now();
    const data = {
      from: new Date(since).toISOString(),
      to: new Date(now).toISOString(),
      lost,
      reason: problem,
    };
    return journal('RecordingGapDetected', data, null, now);
  };

  function arm(): void {
    if (stopped) return;
    timer = setTimeout(() => attempt().catch(deps.onError), interval);
    timer.unref();
  }

  return {
    begin(error) {
      if (problem === '') {
        since = deps.now();
        arm();
      }
      const before = problem;
      problem = `${error.message}; ${error.hint}`;
      return problem !== before;
    },
    problem: () => problem,
    stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
