/** Connections that cannot be accepted (no descriptors left): they are refused, and it is said once, not once for each. */

export interface AcceptWatch {
  failed(error: NodeJS.ErrnoException): void;
  close(): void;
}

/** Milliseconds without a failure after which it counts as over. */
const quiet = 5_000;

/** @param report told the problem when it begins, and null when it is over */
export function createAcceptWatch(report: (problem: string | null) => void): AcceptWatch {
  let timer: NodeJS.Timeout | null = null;
  return {
    failed({ code, message }) {
      if (timer !== null) {
        timer.refresh();
        return;
      }
      report(
        `connections are refused: ${code === 'EMFILE' ? 'no file descriptors are left (ulimit -n)' : message}`,
      );
      timer = setTimeout(() => {
        timer = null;
        report(null);
      }, quiet).unref();
    },
    close() {
      if (timer !== null) clearTimeout(timer);
    },
  };
}
