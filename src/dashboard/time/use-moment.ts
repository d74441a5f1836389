/** The moment that the whole page shows, as the address bar carries it. */
import { useCallback } from 'preact/hooks';
import { useSearchParams } from 'wouter-preact';
import { withQuery } from '../api/client.ts';
import type { LogEvent } from '../api/shapes.ts';
import { useApi } from '../api/use-api.ts';
import type { Moment } from './moment.ts';

export interface Shown {
  /** null: live. */
  readonly at: Moment;
  readonly past: boolean;
  /** A path of the API, as of this moment. */
  readonly path: (
    path: string,
    values?: Readonly<Record<string, string | number | null | undefined>>,
  ) => string;
  /** @param replace leaves no step in the browser's history: while dragging */
  readonly go: (to: Moment, replace?: boolean) => void;
}

export function useMoment(): Shown {
  const [search, setSearch] = useSearchParams();
  const at = search.get('at');
  const go = useCallback(
    (to: Moment, replace = false) =>
      setSearch(
        (before) => {
          const next = new URLSearchParams(before);
          if (to === null) next.delete('at');
          else next.set('at', to);
          return next;
        },
        { replace },
      ),
    [setSearch],
  );
  return { at, past: at !== null, go, path: (path, values = {}) => withQuery(path, { ...values, at }) };
}

/** Milliseconds since the epoch; null while live, or not known yet. */
export function useInstant(at: Moment): number | null {
  const position = at?.startsWith('position:') ? at.slice(9) : null;
  const { data } = useApi<LogEvent>(`/events/${position}`, { past: true, when: position !== null });
  if (at === null) return null;
  if (position !== null) return data === undefined ? null : Date.parse(data.recordedAt);
  const instant = Date.parse(at);
  return Number.isNaN(instant) ? null : instant;
}
