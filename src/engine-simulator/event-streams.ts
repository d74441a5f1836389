/** `GET /events`: replay, then live, with a queue that a slow reader can fill. */
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from './clock.ts';
import { readEventFilter } from './event-filter.ts';
import { lineOf } from './event-line.ts';
import type { Faults } from './faults.ts';
import { type Call, Refusal } from './http.ts';
import type { EngineEvent, Journal } from './journal.ts';
import { createLineShaper, type LineShaper } from './line-shaper.ts';

export interface EventStreams {
  serve(call: Call): undefined;
  /** Streams that stand. */
  count(): number;
  /** Ends the streams that stand. */
  cut(): void;
  /** Ends them in good order: what is under way still goes out, unless nobody reads it for a while. */
  finish(): Promise<void>;
  /** Cuts again and again, as some socket proxies do; 0 ends that. */
  cutEvery(milliseconds: number): void;
}

/** moby 20.10: a subscriber's channel; one that is further behind is waited for, then skipped without a mark. */
const longestQueue = 1_024;

/** Milliseconds to wait for readers at the end. */
const patience = 200;

export function createEventStreams(journal: Journal, clock: Clock, faults: Faults): EventStreams {
  const streams = new Set<ServerResponse>();
  let cutter: NodeJS.Timeout | undefined;

  function follow(res: ServerResponse, shaper: LineShaper, wanted: (event: EngineEvent) => boolean): void {
    const queue: EngineEvent[] = [];
    let open = true;
    const flush = (): void => {
      for (open = true; open && queue.length > 0; ) open = shaper.write(res, lineOf(queue.shift()!));
    };
    res.on('drain', flush);
    const unsubscribe = journal.subscribe({
      take(event) {
        if (!wanted(event)) return true;
        if (queue.length >= longestQueue) return false;
        queue.push(event);
        if (open) flush();
        return true;
      },
    });
    streams.add(res);
    res.on('close', () => {
      unsubscribe();
      streams.delete(res);
    });
  }

  function cut(): void {
    for (const stream of streams) stream.destroy();
  }

  return {
    serve({ res, query }) {
      const since = readTime(query.get('since'));
      const until = readTime(query.get('until'));
      if (since !== null && until !== null && until < since) {
        throw new Refusal(
          400,
          `\`since\` time (${query.get('since')}) cannot be after \`until\` time (${query.get('until')})`,
        );
      }
      const now = clock.now();
      const wanted = readEventFilter(query.get('filters'));
      // The head comes before the subscription, as with the real engine.
      res.writeHead(200, { 'Content-Type': 'application/json' });
      res.flushHeaders();
      setTimeout(() => subscribe(res, { since, until, now, wanted }), faults.subscribeDelay);
    },
    count: () => streams.size,
    cut,
    async finish() {
      const ended = [...streams].map((stream) => new Promise<void>((resolve) => stream.end(resolve)));
      await Promise.race([Promise.all(ended), sleep(patience)]);
    },
    cutEvery(milliseconds) {
      clearInterval(cutter);
      cutter = milliseconds > 0 ? setInterval(cut, milliseconds).unref() : undefined;
    },
  };

  function subscribe(
    res: ServerResponse,
    range: {
      readonly since: bigint | null;
      readonly until: bigint | null;
      readonly now: bigint;
      readonly wanted: (event: EngineEvent) => boolean;
    },
  ): void {
    const { since, until, now, wanted } = range;
    if (res.destroyed) return;
    const shaper = createLineShaper(faults);
    for (const event of journal.remembered(since, until).filter(wanted)) shaper.write(res, lineOf(event));
    if (until !== null && until < now) {
      res.end();
      return;
    }
    follow(res, shaper, wanted);
    if (until !== null) setTimeout(() => res.end(), Number((until - now) / 1_000_000n)).unref();
  }
}

/** Seconds, with up to nine decimals, as nanoseconds. */
function readTime(text: string | null): bigint | null {
  if (text === null || text === '') return null;
  const parts = /^(\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (parts === null) throw new Refusal(500, `strconv.ParseInt: parsing "${text}": invalid syntax`);
  return BigInt(parts[1]!) * 1_000_000_000n + BigInt((parts[2] ?? '').padEnd(9, '0'));
}
