/** The projections on the main thread's side: tells their thread of new events, and knows how far it is. */
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { Progress } from './projector.ts';
import type { FromProjections, ToProjections } from './thread.ts';

export interface Projections {
  /** The log has grown. */
  notify(): void;
  progress(): readonly Progress[];
  stop(): Promise<void>;
}

/** Milliseconds before the thread is started again after a failure. */
const restartAfter = 1_000;

export function startProjections(dataDir: string, logger: Logger): Projections {
  let progress: readonly Progress[] = [];
  let stopping = false;
  let worker = launch();
  const reported = new Set<string>();

  function launch(): Worker {
    const thread = new Worker(new URL('./thread.ts', import.meta.url), {
      workerData: { dataDir },
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    thread.on('message', (message: FromProjections) => {
      if (message.kind === 'unreadable')
        logger.error(message, 'an event cannot be read; the projections leave it out');
      else {
        progress = message.progress;
        report();
      }
    });
    thread.on('error', (error) => logger.error({ err: error }, 'the projections have failed'));
    thread.on('exit', () => {
      if (stopping) return;
      setTimeout(() => {
        if (!stopping) worker = launch();
      }, restartAfter).unref();
    });
    return thread;
  }

  function report(): void {
    for (const { name, problem } of progress) {
      if (problem === '' || reported.has(problem)) continue;
      reported.add(problem);
      logger.error({ projection: name, problem }, 'a projection has stopped and is stale');
    }
  }

  const tell = (message: ToProjections): void => worker.postMessage(message);

  return {
    notify: () => tell({ kind: 'grown' }),
    progress: () => progress,
    async stop() {
      stopping = true;
      const exit = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      tell({ kind: 'stop' });
      await exit;
    },
  };
}
