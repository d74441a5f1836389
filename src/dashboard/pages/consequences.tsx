/** What an entry of the audit caused, and how sure that is; the events themselves are asked for when it is opened. */
import { useState } from 'preact/hooks';
import { withQuery } from '../api/client.ts';
import type { AuditEntry, LogEvent, Page } from '../api/shapes.ts';
import { useApi } from '../api/use-api.ts';
import { EventLine } from '../parts/event-line.tsx';
import { eventPath, To } from '../parts/link.tsx';
import { Failed } from '../parts/notice.tsx';

const bases: Readonly<Record<AuditEntry['basis'], readonly [word: string, means: string]>> = {
  exact: ['certain', 'Joined by an id'],
  window: ['likely', 'Joined by time and container'],
  ambiguous: ['uncertain', 'Several commands fit: not certain which'],
};

export function Consequences({ entry: { consequences, basis, action } }: { entry: AuditEntry }) {
  const [open, setOpen] = useState(false);
  if (consequences.length === 0) return null;
  const [word, means] = bases[basis];
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {consequences.length} {consequences.length === 1 ? 'event' : 'events'}
        <span class="unseen"> after {action}</span>{' '}
        {basis !== 'exact' && (
          <span class="chip" title={means}>
            {word}
          </span>
        )}
      </summary>
      {open && <Events positions={consequences} />}
    </details>
  );
}

/** They mostly follow each other in the log: one page of it holds them, and to the others there are links. */
function Events({ positions }: { positions: readonly number[] }) {
  const first = Math.min(...positions);
  const { data, error, waiting } = useApi<Page<LogEvent>>(
    withQuery('/events', { after: first - 1, before: Math.max(...positions) + 1, limit: 200 }),
    { past: true },
  );
  if (error !== null) return <Failed problem={error} what="The events" />;
  if (waiting) return <div class="small faint breathing">looking…</div>;
  const wanted = new Set(positions);
  const events = (data?.items ?? []).filter(({ position }) => wanted.delete(position));
  return (
    <div class="consequences">
      {events.map((event) => (
        <div key={event.position} class="line event">
          <EventLine event={event} />
        </div>
      ))}
      {[...wanted].map((position) => (
        <To key={position} class="chip" href={eventPath(position)}>
          {position}
        </To>
      ))}
    </div>
  );
}
