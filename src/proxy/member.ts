/** One worker as the pool sees it: its thread, what it last told, and its end. */
import { Worker } from 'node:worker_threads';
import { createCounters } from './counters.ts';
import type { FromWorker, LastInterval, ProxyCounters, ToWorker } from './messages.ts';
import type { RouteTraffic } from './traffic.ts';
import type { WorkerData } from './worker.ts';

export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

export interface Member {
  /** Rejects with an error that has a `code` if it cannot listen. */
  readonly listening: Promise<readonly ListenAddress[]>;
  readonly threadId: number;
  send(message: ToWorker): void;
  /** Resolves when it has no request under way to these targets, when `patience` ms are over, or with its end. */
  quiet(targets: readonly string[], patience: number): Promise<void>;
  counters(): ProxyCounters;
  problem(): string | null;
  /** Resolves when the thread has ended, which it is made to after `deadline` ms. */
  ended(deadline: number): Promise<void>;
}

export interface MemberHooks {
  /** It threw: the thread ends. */
  readonly onError: (error: Error) => void;
  readonly onTraffic: (reports: readonly RouteTraffic[]) => void;
  readonly onProblem: (problem: string | null) => void;
  /** Asked for an error page. */
  readonly lastIntervals: (host: string) => Promise<readonly LastInterval[]>;
  readonly onExit: () => void;
}

/** Milliseconds that a worker has to answer a question. */
const answerTimeout = 1_000;

export function createMember(data: WorkerData, hooks: MemberHooks): Member {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: data,
    transferList: data.accessLog === null ? [] : [data.accessLog],
    // Two halves of 2 MB. With halves of 4 MB a request costs 1 % less, a new connection 2 %; with 1 MB a request 9 % more.
    resourceLimits: { maxYoungGenerationSizeMb: 6 },
  });
  const listening = Promise.withResolvers<readonly ListenAddress[]>();
  const exit = Promise.withResolvers<void>();
  // Whoever starts it waits for it; a replacement's failure shows in its exit.
  listening.promise.catch(() => undefined);
  const waiting = new Map<number, () => void>();
  let asked = 0;
  let counters = createCounters().read(0);
  let problem: string | null = null;

  worker.on('message', (message: FromWorker) => {
    switch (message.kind) {
      case 'listening':
        listening.resolve(message.addresses);
        return;
      case 'failed':
        listening.reject(Object.assign(new Error(message.message), { code: message.code }));
        void worker.terminate();
        return;
      case 'counters':
        counters = message.counters;
        if (message.traffic.length > 0) hooks.onTraffic(message.traffic);
        return;
      case 'problem':
        problem = message.problem;
        hooks.onProblem(problem);
        return;
      case 'quiet':
        waiting.get(message.id)?.();
        return;
      case 'intervals':
        void answerIntervals(message.id, message.host);
        return;
      case 'drained':
        return;
      default:
        message satisfies never;
    }
  });
  /** A page is shown without them rather than not at all. */
  async function answerIntervals(id: number, host: string): Promise<void> {
    const intervals = await hooks.lastIntervals(host).catch(() => []);
    worker.postMessage({ kind: 'intervals', id, intervals } satisfies ToWorker);
  }
  worker.on('error', (error) => hooks.onError(error as Error));
  worker.on('exit', () => {
    listening.reject(new Error('the proxy worker ended before it listened'));
    exit.resolve();
    for (const resolve of waiting.values()) resolve();
    hooks.onExit();
  });

  return {
    listening: listening.promise,
    threadId: worker.threadId,
    send: (message) => worker.postMessage(message),
    async quiet(targets, patience) {
      asked += 1;
      const id = asked;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(id, resolve);
      // A worker that hangs must not hold a command up for ever.
      const timer = setTimeout(resolve, patience + answerTimeout);
      worker.postMessage({ kind: 'quiet', id, targets, patience } satisfies ToWorker);
      await promise;
      clearTimeout(timer);
      waiting.delete(id);
    },
    counters: () => counters,
    problem: () => problem,
    async ended(deadline) {
      const timer = setTimeout(() => void worker.terminate(), deadline);
      await exit.promise;
      clearTimeout(timer);
    },
  };
}
