/** Follows an engine for ever: one session after the other, with waits between those that fail. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { createBackoff } from './backoff.ts';
import type { Connections } from './connection.ts';
import type { EngineInfo, EngineSink, EngineWatcher, LastSeen, Placement } from './engine.ts';
import type { Conceal } from './secrets.ts';
import { openSession, type Session, type SessionEnd } from './session.ts';
import { createSignalFilter } from './signal-filter.ts';
import { defaultTimings, type Timings } from './timings.ts';

export interface WatcherOptions {
  readonly connections: Connections;
  readonly conceal: Conceal;
  readonly logger: Logger;
  readonly locate: (info: EngineInfo) => Promise<Placement>;
  readonly timings?: Partial<Timings> | undefined;
}

export function createWatcher(options: WatcherOptions): EngineWatcher {
  const timings = { ...defaultTimings, ...options.timings };
  const backoff = createBackoff(timings.firstBackoff, timings.longestBackoff);
  const filter = createSignalFilter();
  const firstAttempt = Promise.withResolvers<boolean>();
  const stopping = new AbortController();
  let seen: LastSeen | null = null;
  let session: Session | undefined;
  let running: Promise<void> = Promise.resolve();

  async function follow(sink: EngineSink): Promise<void> {
    const presence = createPresence(sink, timings.grace);
    const onConnected = (info: EngineInfo, placement: Placement) => {
      presence.connected(info, placement);
      firstAttempt.resolve(true);
    };
    const onSeen = (last: LastSeen) => {
      seen = last;
    };
    while (!stopping.signal.aborted) {
      const startedAt = performance.now();
      session = openSession({ ...options, timings, sink, filter, lastSeen: seen, onSeen, onConnected });
      const end = await session.ended;
      if (stopping.signal.aborted) break;
      firstAttempt.resolve(false);
      presence.ended(end);
      const healthy = end.caughtUp && performance.now() - startedAt >= timings.healthy;
      if (healthy) backoff.reset();
      else await sleep(backoff.next(), undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    presence.stop();
    firstAttempt.resolve(false);
  }

  return {
    start(sink, lastSeen) {
      seen = lastSeen;
      running = follow(sink);
    },
    firstAttempt: firstAttempt.promise,
    lastSeen: () => seen,
    reconcile: () => session?.reconcile(),
    async stop() {
      stopping.abort();
      session?.end();
      await running;
    },
  };
}

/**
 * Whether the engine is there, as the sink is told: a stream that is cut and stands again at once (socket proxies cut it
 * every ten minutes) is no loss and goes unmentioned.
 */
function createPresence(sink: EngineSink, grace: number) {
  let present: EngineInfo | null = null;
  let lost = false;
  let timer: NodeJS.Timeout | undefined;
  const lose = (reason: string) => {
    clearTimeout(timer);
    timer = undefined;
    if (lost) return;
    lost = true;
    present = null;
    sink.lost(reason);
  };
  return {
    connected(info: EngineInfo, placement: Placement) {
      clearTimeout(timer);
      timer = undefined;
      const same = present !== null && sameEngine(present, info);
      present = info;
      lost = false;
      if (!same) sink.connected(info, placement);
    },
    ended({ kind, reason }: SessionEnd) {
      if (kind === 'failed') lose(reason);
      else timer ??= setTimeout(() => lose(reason), grace);
    },
    stop: () => clearTimeout(timer),
  };
}

const sameEngine = (a: EngineInfo, b: EngineInfo): boolean =>
  a.id === b.id && a.version === b.version && a.name === b.name;
