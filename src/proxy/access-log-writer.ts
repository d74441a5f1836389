/** The access log as the pool sees it: a thread of its own, so that a slow disk or a full pipe holds nothing up. */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { probeAccessLog } from './access-log-file.ts';
import type { FromAccessLog, ToAccessLog } from './access-log-thread.ts';

export interface AccessLogWriter {
  /** A worker's way to it, to be transferred. */
  connect(): MessagePort;
  reopen(): void;
  /** Lines lost so far. */
  lost(): number;
  problem(): string | null;
  /** Writes what the workers, ended by now, have handed over. */
  close(): Promise<void>;
}

export class AccessLogUnusable extends Error {
  override readonly name = 'AccessLogUnusable';
  readonly code = 'access-log-unusable';
  readonly hint = 'choose another file with --access-log';
}

/** Milliseconds that the end waits for a disk or a reader. */
const patience = 1_000;

/**
 * @param path `-` for standard output
 * @throws {AccessLogUnusable}
 */
export function startAccessLog(path: string, logger: Logger): AccessLogWriter {
  try {
    probeAccessLog(path);
  } catch (error) {
    throw new AccessLogUnusable(`the access log ${path} cannot be written (${(error as Error).message})`);
  }
  const thread = new Worker(new URL('./access-log-thread.ts', import.meta.url), {
    workerData: { path },
    resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 },
  });
  const ended = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  let state: FromAccessLog = { lost: 0, problem: null };
  thread.on('error', (error) => {
    state = { ...state, problem: 'its thread has failed' };
    logger.error({ err: error }, 'the access log has failed');
  });
  thread.on('message', (next: FromAccessLog) => {
    if (next.problem !== null && state.problem === null)
      logger.warn({ reason: next.problem }, 'the access log cannot be written; its lines are lost');
    else if (next.lost > 0 && state.lost === 0)
      logger.warn('the access log is not taken fast enough; it says itself where lines are missing');
    state = next;
  });
  const tell = (message: ToAccessLog, transfer: MessagePort[] = []): void =>
    thread.postMessage(message, transfer);

  return {
    connect() {
      const { port1, port2 } = new MessageChannel();
      tell({ kind: 'worker', port: port1 }, [port1]);
      return port2;
    },
    reopen: () => tell({ kind: 'reopen' }),
    lost: () => state.lost,
    problem: () => (state.problem === null ? null : `the access log cannot be written: ${state.problem}`),
    async close() {
      tell({ kind: 'close' });
      const timer = setTimeout(() => void thread.terminate(), patience);
      await ended;
      clearTimeout(timer);
    },
  };
}
