/** Jobs that fold the log again, each on a thread of its own, while everything else goes on: replays and verification. */
import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ExpectedHead, Verification } from '../log/verify.ts';
import { removeProjections } from '../projections/file.ts';
import { JobFailed, JobRefused } from './errors.ts';
import type { JobPort, Replay, ReplayTask } from './port.ts';

export type Task = ReplayTask | { readonly mode: 'verify'; readonly expectHead?: ExpectedHead | undefined };

export type FromJob =
  | { readonly kind: 'progress'; readonly position: number; readonly head: number }
  | { readonly kind: 'done'; readonly result: unknown }
  /** `hint`: null for a defect. */
  | { readonly kind: 'failed'; readonly message: string; readonly hint: string | null };

export interface Jobs extends JobPort {
  stop(): Promise<void>;
}

export interface JobsDeps {
  readonly dataDir: string;
  /** The log's head. */
  readonly head: () => number;
  /** Puts rebuilt projections in the place of the live ones. */
  readonly adopt: (path: string) => Promise<void>;
  readonly newId: () => string;
  readonly now: () => number;
}

/** Replays that are remembered after their end. */
const remembered = 20;

interface Run {
  replay: Replay;
  readonly thread: Worker;
  readonly scratch: string;
  /** What it made is put in its place: too late to cancel. */
  finishing: Promise<void> | null;
}

export function createJobs({ dataDir, head, adopt, newId, now }: JobsDeps): Jobs {
  // Of a process that was killed meanwhile.
  for (const file of globSync('replay-*.db*', { cwd: dataDir })) rmSync(join(dataDir, file), { force: true });
  const replays = new Map<string, Replay>();
  const listeners = new Map<string, Set<(replay: Replay) => void>>();
  let running: Run | null = null;
  let verifying: Promise<Verification> | null = null;
  let verified: ReturnType<Jobs['verified']> = null;
  const threads = new Set<Worker>();
  const instant = (): string => new Date(now()).toISOString();

  function launch(task: Task, scratch: string): Worker {
    const thread = new Worker(new URL('./job-thread.ts', import.meta.url), {
      workerData: { dataDir, task, scratch },
      // A fold makes much that dies young: with a quarter of that it takes 5 % longer.
      resourceLimits: { maxYoungGenerationSizeMb: 48 },
    });
    threads.add(thread);
    thread.once('exit', () => threads.delete(thread));
    return thread;
  }

  function update(run: Run, changes: Partial<Replay>): void {
    run.replay = { ...run.replay, ...changes };
    replays.set(run.replay.id, run.replay);
    for (const listener of listeners.get(run.replay.id) ?? []) listener(run.replay);
  }

  function end(run: Run, changes: Partial<Replay>): void {
    if (run.replay.state !== 'running') return;
    running = null;
    removeProjections(run.scratch);
    update(run, { ...changes, finishedAt: instant() });
    for (const id of [...replays.keys()].slice(0, -remembered)) replays.delete(id);
  }

  async function finish(run: Run, result: unknown): Promise<void> {
    try {
      if (run.replay.mode === 'rebuild') await adopt(run.scratch);
      end(run, { state: 'succeeded', result, position: run.replay.head });
    } catch (error) {
      end(run, { state: 'failed', error: (error as Error).message });
    }
  }

  function follow(run: Run): void {
    const began = now();
    run.thread.on('message', (message: FromJob) => {
      if (message.kind === 'progress') {
        const { position } = message;
        const seconds = Math.max(1, now() - began) / 1_000;
        update(run, { position, head: message.head, eventsPerSecond: Math.round(position / seconds) });
      } else if (message.kind === 'done') run.finishing = finish(run, message.result);
      else end(run, { state: 'failed', error: [message.message, message.hint].filter(Boolean).join('; ') });
    });
    run.thread.on('error', (error: Error) => end(run, { state: 'failed', error: error.message }));
  }

  return {
    start(task) {
      if (running !== null) {
        const { mode, id } = running.replay;
        throw new JobRefused(`a replay (${mode}, ${id}) is running`);
      }
      const id = newId();
      const scratch = join(dataDir, `replay-${id}.db`);
      const replay: Replay = {
        id,
        mode: task.mode,
        state: 'running',
        position: 0,
        head: head(),
        eventsPerSecond: 0,
        startedAt: instant(),
        ...(task.until === undefined ? {} : { until: task.until }),
        ...(task.policy === undefined ? {} : { policy: task.policy }),
      };
      running = { replay, thread: launch(task, scratch), scratch, finishing: null };
      replays.set(id, replay);
      follow(running);
      return replay;
    },
    list: () => [...replays.values()].reverse(),
    get: (id) => replays.get(id) ?? null,
    async cancel(id) {
      const run = running;
      if (run?.replay.id !== id) return replays.get(id) ?? null;
      if (run.finishing === null) await run.thread.terminate();
      // It may have been done in the meantime.
      if (run.finishing !== null) await run.finishing;
      else end(run, { state: 'cancelled' });
      return run.replay;
    },
    subscribe(id, listener) {
      const all = listeners.get(id) ?? new Set();
      listeners.set(id, all.add(listener));
      return () => {
        all.delete(listener);
        if (all.size === 0) listeners.delete(id);
      };
    },
    verify(expectHead) {
      if (verifying !== null) throw new JobRefused('a verification is running');
      verifying = verification(launch({ mode: 'verify', expectHead }, ''))
        .then((found) => {
          verified = { ...found, at: instant() };
          return found;
        })
        .finally(() => {
          verifying = null;
        });
      return verifying;
    },
    verified: () => verified,
    async stop() {
      await Promise.all([...threads].map((thread) => thread.terminate()));
      if (running !== null) end(running, { state: 'cancelled' });
    },
  };
}

function verification(thread: Worker): Promise<Verification> {
  return new Promise((resolve, reject) => {
    thread.on('message', (message: FromJob) => {
      if (message.kind === 'done') resolve(message.result as Verification);
      else if (message.kind === 'failed')
        reject(
          message.hint === null ? new Error(message.message) : new JobFailed(message.message, message.hint),
        );
    });
    thread.on('error', reject);
    thread.on('exit', () => reject(new Error('the verification was ended')));
  });
}
