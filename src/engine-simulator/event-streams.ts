/** `GET /events`: replay, then live, with a queue that a slow reader can fill. */
import type { ServerResponse } from 'node:http';
import type { Clock } from './clock.ts';
import type { Faults } from './faults.ts';
import { type Call, Refusal } from './http.ts';
import { type EngineEvent, type Journal, lineOf } from './journal.ts';

export interface EventStreams {
  serve(call: Call): undefined;
  /** Ends the streams that stand. */
  cut(): void;
}

/** moby: a subscriber's channel; one that is further behind is skipped without a mark. */
const longestQueue = 1_024;
/** Milliseconds for which lines are held back to go out together. */
const batchPause = 20;

export function createEventStreams(journal: Journal, clock: Clock, faults: Faults): EventStreams {
  const streams = new Set<ServerResponse>();

  function follow(res: ServerResponse, wanted: (event: EngineEvent) => boolean): void {
    const queue: string[] = [];
    let blocked = false;
    const flush = (): void => {
      blocked = false;
      while (queue.length > 0 && !blocked) blocked = !write(res, queue.shift()!);
    };
    res.on('drain', flush);
    let held = '';
    const release = (): void => {
      queue.push(held);
      held = '';
      if (!blocked) flush();
    };
    const unsubscribe = journal.subscribe({
      take(event) {
        if (!wanted(event)) return true;
        if (queue.length >= longestQueue) return false;
        if (faults.stream === 'batched') {
          if (held === '') setTimeout(release, batchPause).unref();
          held += lineOf(event);
        } else {
          queue.push(shape(lineOf(event), faults));
          if (!blocked) flush();
        }
        return true;
      },
    });
    streams.add(res);
    res.on('close', () => {
      unsubscribe();
      streams.delete(res);
    });
  }

  function write(res: ServerResponse, text: string): boolean {
    if (faults.stream !== 'split') return res.write(text);
    let open = true;
    for (const byte of Buffer.from(text)) open = res.write(Buffer.of(byte));
    return open;
  }

  return {
    serve({ res, query }) {
      const since = readTime(query.get('since'), 'since');
      const until = readTime(query.get('until'), 'until');
      const wanted = readFilters(query.get('filters'));
      // The head comes before the subscription, as with the real engine.
      res.writeHead(200, { 'Content-Type': 'application/json' });
      res.flushHeaders();
      const replay = since === null ? [] : journal.remembered(since, until).filter(wanted);
      for (const event of replay) res.write(shape(lineOf(event), faults));
      if (until !== null && until <= clock.now()) {
        res.end();
        return;
      }
      follow(res, wanted);
      if (until === null) return;
      setTimeout(() => res.end(), Number((until - clock.now()) / 1_000_000n)).unref();
      return undefined;
    },
    cut() {
      for (const stream of streams) stream.destroy();
    },
  };
}

function shape(line: string, faults: Faults): string {
  if (faults.stream === 'silent') return '';
  return faults.garbage + (faults.stream === 'doubled' ? line + line : line);
}

/** Seconds, with up to nine decimals, as nanoseconds. */
function readTime(text: string | null, name: string): bigint | null {
  if (text === null || text === '') return null;
  const parts = /^(\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (parts === null) throw new Refusal(400, `failed to parse value as time: ${name}=${text}`);
  return BigInt(parts[1]!) * 1_000_000_000n + BigInt((parts[2] ?? '').padEnd(9, '0'));
}

function readFilters(text: string | null): (event: EngineEvent) => boolean {
  if (text === null || text === '') return () => true;
  const filters = JSON.parse(text) as Record<string, string[] | Record<string, boolean>>;
  const values = (name: string): string[] | null => {
    const given = filters[name];
    return given === undefined ? null : Array.isArray(given) ? given : Object.keys(given);
  };
  const [types, actions, containers] = [values('type'), values('event'), values('container')];
  return ({ kind, action, actor, attributes }) =>
    (types?.includes(kind) ?? true) &&
    (actions?.includes(action.split(':')[0]!) ?? true) &&
    (containers?.some((one) => one === actor || one === attributes['name']) ?? true);
}
