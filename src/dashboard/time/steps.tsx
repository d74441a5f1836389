/** One event back, one event on. */
import { withQuery } from '../api/client.ts';
import type { LogEvent, LogFacts, Page } from '../api/shapes.ts';
import { useApi } from '../api/use-api.ts';
import { useMoment } from './use-moment.ts';

export function Steps() {
  const { past, go } = useMoment();
  const position = usePosition();
  const { data: log } = useApi<LogFacts>('/log');
  const head = log?.position ?? null;
  const step = (to: number): void => go(head !== null && to >= head && past ? null : `position:${to}`);
  return (
    <div class="row wide" style={{ flexWrap: 'nowrap' }}>
      <button
        type="button"
        class="button"
        title="One event back"
        aria-label="One event back"
        disabled={position === null || position <= 1}
        onClick={() => step(position! - 1)}
      >
        ‹
      </button>
      <button
        type="button"
        class="button"
        title="One event on"
        aria-label="One event on"
        disabled={!past || position === null}
        onClick={() => step(position! + 1)}
      >
        ›
      </button>
    </div>
  );
}

/** The last event at or before what is shown. */
function usePosition(): number | null {
  const { at, past } = useMoment();
  const given = at?.startsWith('position:') ? Number(at.slice(9)) : null;
  const path = withQuery('/events', { order: 'desc', limit: 1, until: given === null ? at : null });
  const { data } = useApi<Page<LogEvent>>(path, { past, when: given === null });
  return given ?? data?.items[0]?.position ?? null;
}
