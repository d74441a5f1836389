/** The live end of the log: follows the event stream, tells what came, and whether Portolan is there at all. */
import type { Query, QueryClient } from '@tanstack/preact-query';
import { useEffect, useState } from 'preact/hooks';
import { ApiProblem, read } from './client.ts';
import type { LogEvent, LogFacts } from './shapes.ts';
import { listen } from './sse.ts';

export type Connection = 'connecting' | 'live' | 'away';

export interface Live {
  connection(): Connection;
  onChange(listener: () => void): () => void;
  onEvent(listener: (event: LogEvent) => void): () => void;
}

/** Milliseconds: answers are asked again at most so often, and once more when it is quiet again. */
const settle = 400;
const quiet = 1_500;
const retry = 1_000;
/** After a stream that stood. */
const soonAgain = 100;
/** Until Portolan has to have answered; and until a stream that stands, on which it gives a sign every 10 s, is taken for dead. */
const opening = 5_000;
const silence = 15_000;

export function startLive(client: QueryClient): Live {
  const changes = new Set<() => void>();
  const events = new Set<(event: LogEvent) => void>();
  let connection: Connection = 'connecting';
  const become = (next: Connection): void => {
    if (next === connection) return;
    connection = next;
    for (const listener of changes) listener();
  };
  const refresh = refresher(client);
  void follow({
    onState: become,
    onOpen: refresh,
    onEvent(event) {
      refresh();
      for (const listener of events) listener(event);
    },
  });
  return {
    connection: () => connection,
    onChange: (listener) => subscribeTo(changes, listener),
    onEvent: (listener) => subscribeTo(events, listener),
  };
}

function subscribeTo<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** What was the past stays as it was: only answers about now are asked again, and costly ones after a rest. */
function refresher(client: QueryClient): () => void {
  let soon: ReturnType<typeof setTimeout> | undefined;
  let later: ReturnType<typeof setTimeout> | undefined;
  let rested: ReturnType<typeof setTimeout> | undefined;
  const ask = (): void => {
    soon = undefined;
    let left = 0;
    void client.invalidateQueries({
      predicate: (query) => {
        if (query.meta?.['past'] === true) return false;
        const rest = restOf(query);
        left = Math.max(left, rest);
        return rest === 0;
      },
    });
    clearTimeout(rested);
    if (left > 0) rested = setTimeout(ask, left);
  };
  return () => {
    if (soon === undefined) soon = setTimeout(ask, settle);
    clearTimeout(later);
    later = setTimeout(ask, quiet);
  };
}

/** Milliseconds until a query is to be asked again. */
function restOf({ meta, state }: Query): number {
  const rest = (meta?.['rest'] as ((data: unknown) => number) | undefined)?.(state.data) ?? 0;
  return Math.max(0, state.dataUpdatedAt + rest - Date.now());
}

interface Follower {
  onState(connection: Connection): void;
  onOpen(): void;
  onEvent(event: LogEvent): void;
}

/** For ever. A page that nobody looks at holds no connection: the browser allows only six of them. */
async function follow({ onState, onOpen, onEvent }: Follower): Promise<never> {
  let after: number | null = null;
  for (;;) {
    const ending = new AbortController();
    const waiting = createWaiting();
    const onHidden = (): void => {
      if (document.hidden) ending.abort();
    };
    document.addEventListener('visibilitychange', onHidden);
    let opened = false;
    try {
      waiting.until(opening);
      after ??= (await read<LogFacts>('/log', waiting.signal)).position;
      await listen(
        `/events/stream?after=${after}`,
        ({ data, id }) => {
          after = Number(id);
          onEvent(JSON.parse(data) as LogEvent);
        },
        {
          signal: AbortSignal.any([ending.signal, waiting.signal]),
          onOpen() {
            opened = true;
            waiting.until(silence);
            onState('live');
            onOpen();
          },
          onSign: () => waiting.until(silence),
        },
      );
    } catch (error) {
      // Another log than the one that was followed: it has no such place.
      if (error instanceof ApiProblem && error.status === 400) after = null;
      // A stream that broke is not yet a Portolan that is away: the next try tells.
      if (!ending.signal.aborted && !opened) onState('away');
    }
    waiting.end();
    document.removeEventListener('visibilitychange', onHidden);
    await visible();
    const pause = ending.signal.aborted ? 0 : opened ? soonAgain : retry;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

interface Waiting {
  /** Aborted once nothing came for as long as was waited. */
  readonly signal: AbortSignal;
  /** Milliseconds, from now on. */
  until(milliseconds: number): void;
  end(): void;
}

/** A Portolan that hangs, or a network that is gone, breaks no connection. */
function createWaiting(): Waiting {
  const over = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    signal: over.signal,
    until(milliseconds) {
      clearTimeout(timer);
      timer = setTimeout(() => over.abort(), milliseconds);
    },
    end: () => clearTimeout(timer),
  };
}

async function visible(): Promise<void> {
  while (document.hidden)
    await new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }));
}

export function useConnection(live: Live): Connection {
  const [, update] = useState(0);
  useEffect(() => live.onChange(() => update((count) => count + 1)), [live]);
  return live.connection();
}
