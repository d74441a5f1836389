/** Ctrl-C, for commands that have something to put away before they end. */

/** As shells count an end by SIGINT. */
export const interruptedExitCode = 130;

export interface Interruption {
  readonly signal: AbortSignal;
  /** From here on Ctrl-C ends the process again. */
  over(): void;
}

export function onInterrupt(): Interruption {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  process.once('SIGINT', abort);
  process.once('SIGTERM', abort);
  return {
    signal: controller.signal,
    over() {
      process.removeListener('SIGINT', abort);
      process.removeListener('SIGTERM', abort);
    },
  };
}

/** Work that Ctrl-C ends, which the exit code says then, and nothing else. */
export async function interruptible(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const { signal, over } = onInterrupt();
  try {
    await work(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    process.exitCode = interruptedExitCode;
  } finally {
    over();
  }
}
