/** One call to the engine: a deadline, a second try for reads, and every failure as an `EngineError`. */
import { timedOut, toEngineError } from './failure.ts';

export interface CallOptions {
  /** Milliseconds until the whole answer must be there. */
  readonly deadline: number;
  /** Ends the call early. */
  readonly signal?: AbortSignal | undefined;
  readonly redact?: ((text: string) => string) | undefined;
}

/** @throws {EngineError} */
export async function callEngine<T>(
  options: CallOptions,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { promise: ended, reject: end } = Promise.withResolvers<never>();
  const timer = setTimeout(() => end(timedOut(options.deadline)), options.deadline);
  const abort = () => end(options.signal?.reason);
  options.signal?.addEventListener('abort', abort, { once: true });
  if (options.signal?.aborted) abort();
  try {
    return await Promise.race([call(controller.signal), ended]);
  } catch (error) {
    // Also of a call that is still under way: nobody waits for it any more.
    controller.abort();
    throw toEngineError(error, options.redact ?? ((text) => text));
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', abort);
  }
}

/**
 * For calls that change nothing. The engine may close a kept-alive connection in the very moment a request is
 * written to it (RFC 9112 9.3.1): such a one is sent again, once.
 */
export function readEngine<T>(options: CallOptions, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return callEngine(options, async (signal) => {
    try {
      return await call(signal);
    } catch (error) {
      if (signal.aborted || !isReset(error)) throw error;
      return await call(signal);
    }
  });
}

const isReset = (error: unknown): boolean =>
  ['ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException | null)?.code ?? '');
