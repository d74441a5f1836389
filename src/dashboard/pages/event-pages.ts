/** Pages of the log, newest first: older ones as one scrolls, newer ones as they are recorded. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type ApiProblem, read, withQuery } from '../api/client.ts';
import type { LogEvent, Page } from '../api/shapes.ts';
import { useEvents } from '../parts/live-context.ts';
import type { Moment } from '../time/moment.ts';

export type Filter = Readonly<Record<string, string>>;

interface Loaded {
  readonly key: string;
  readonly events: readonly LogEvent[];
  readonly next: string | undefined;
  readonly waiting: boolean;
  readonly problem: ApiProblem | null;
}

const page = 200;
/** Milliseconds: newer events are asked for at most so often. */
const settle = 300;

export function useEventPages(filter: Filter, at: Moment) {
  const position = at?.startsWith('position:') ? Number(at.slice(9)) + 1 : null;
  const upTo = { before: position, until: position === null ? at : null };
  const key = withQuery('/events', { ...filter, ...upTo, order: 'desc', limit: page });
  const [loaded, setLoaded] = useState<Loaded>({
    key,
    events: [],
    next: undefined,
    waiting: true,
    problem: null,
  });
  const busy = useRef(false);

  useEffect(() => {
    let current = true;
    busy.current = false;
    setLoaded((before) => ({ ...before, key, waiting: true }));
    read<Page<LogEvent>>(key).then(
      ({ items, next }) => current && setLoaded({ key, events: items, next, waiting: false, problem: null }),
      (problem: ApiProblem) =>
        current && setLoaded({ key, events: [], next: undefined, waiting: false, problem }),
    );
    return () => {
      current = false;
    };
  }, [key]);

  const more = useCallback(() => {
    if (busy.current || loaded.next === undefined || loaded.key !== key) return;
    busy.current = true;
    read<Page<LogEvent>>(`${key}&cursor=${encodeURIComponent(loaded.next)}`)
      .then(({ items, next }) =>
        setLoaded((before) =>
          before.key === key ? { ...before, events: [...before.events, ...items], next } : before,
        ),
      )
      .catch(() => undefined)
      .finally(() => {
        busy.current = false;
      });
  }, [key, loaded.next, loaded.key]);

  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const newer = useCallback(() => {
    if (at !== null || timer.current !== undefined) return;
    timer.current = setTimeout(async () => {
      timer.current = undefined;
      const fresh = await read<Page<LogEvent>>(key).catch(() => null);
      if (fresh === null) return;
      setLoaded((before) => (before.key === key ? { ...before, ...joined(before, fresh) } : before));
    }, settle);
  }, [key, at]);
  useEvents(newer);
  useEffect(() => () => clearTimeout(timer.current ?? undefined), []);

  return { events: loaded.events, problem: loaded.problem, waiting: loaded.waiting, more };
}

/** Newer ones in front; if more came than a page holds, the page starts anew. */
function joined({ events, next }: Loaded, fresh: Page<LogEvent>): Pick<Loaded, 'events' | 'next'> {
  const top = events[0]?.position ?? 0;
  const added = fresh.items.filter((event) => event.position > top);
  if (added.length === fresh.items.length && fresh.next !== undefined)
    return { events: fresh.items, next: fresh.next };
  return { events: [...added, ...events], next };
}
