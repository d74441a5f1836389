/** File descriptors that ran out: connections are refused meanwhile, and it is said once, not once for each. */

export interface Exhaustion {
  /** A connection could be neither accepted nor made. */
  noticed(error: NodeJS.ErrnoException): void;
  close(): void;
}

/** Milliseconds without another after which it counts as over. */
const quiet = 5_000;

/** @param report told the problem when it begins, and null when it is over */
export function createExhaustion(report: (problem: string | null) => void): Exhaustion {
  let timer: NodeJS.Timeout | null = null;

  function over(): void {
    timer = null;
    report(null);
  }

  return {
    noticed({ code, message }) {
      if (timer !== null) {
        timer.refresh();
        return;
      }
      const reason =
        code === 'EMFILE' || code === 'ENFILE' ? 'no file descriptors are left (ulimit -n)' : message;
      report(`connections are refused: ${reason}`);
      timer = setTimeout(over, quiet).unref();
    },
    close() {
      if (timer !== null) clearTimeout(timer);
    },
  };
}
