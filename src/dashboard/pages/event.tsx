/** One event: what it says, and the tree of what caused it and what it caused. */
import type { LogEvent, Page } from '../api/shapes.ts';
import { type Asked, useApi } from '../api/use-api.ts';
import { aboutOf, actorOf, EventLine } from '../parts/event-line.tsx';
import { Instant } from '../parts/instant.tsx';
import { containerPath, hostPath, To } from '../parts/link.tsx';
import { Failed, Waiting } from '../parts/notice.tsx';
import { useMoment } from '../time/use-moment.ts';

export function EventPage({ position }: { position: string }) {
  const { go } = useMoment();
  const { data: event, error } = useApi<LogEvent>(`/events/${encodeURIComponent(position)}`, { past: true });
  const family = useFamily(position);
  if (error !== null && event === undefined)
    return (
      <main class="page stack">
        <h1>Event {position}</h1>
        <Failed problem={error} what="This event" />
      </main>
    );
  if (event === undefined || family.waiting) return <Waiting />;
  return (
    <main class="page stack">
      <div class="page-head" style={{ marginBottom: 0 }}>
        <h1>{event.type}</h1>
        <button type="button" class="button" onClick={() => go(`position:${event.position}`)}>
          Show this moment
        </button>
      </div>
      {aboutOf(event) !== '' && <p style={{ fontSize: '1.1rem', margin: 0 }}>{aboutOf(event)}</p>}
      <Tree event={event} family={family} />
      <section class="sheet padded">
        <dl class="facts">
          <dt>Position</dt>
          <dd>{event.position}</dd>
          <dt>Recorded</dt>
          <dd>
            <Instant at={event.recordedAt} position={event.position} />{' '}
            <span class="mono faint">{event.recordedAt}</span>
          </dd>
          <dt>Occurred</dt>
          <dd class="mono">{event.occurredAt}</dd>
          <Subjects event={event} />
          <dt>By</dt>
          <dd>{actorOf(event)}</dd>
          {event.inferred && (
            <>
              <dt>Inferred</dt>
              <dd>No signal told; a later look showed it.</dd>
            </>
          )}
          <dt>Stream</dt>
          <dd class="mono">{event.streamId}</dd>
          <dt>Hash</dt>
          <dd class="mono">{event.hash}</dd>
        </dl>
      </section>
      <section class="sheet">
        <header>
          <h2>What it says</h2>
        </header>
        <pre class="output whole" tabIndex={0} role="region" aria-label="What it says">
          {JSON.stringify(event.data, null, 2)}
        </pre>
      </section>
    </main>
  );
}

/** The host and the container that an event is about, as links. */
function Subjects({ event: { data, containerName } }: { event: LogEvent }) {
  const { match, container, name = containerName } = data as Data;
  return (
    <>
      {match != null && (
        <>
          <dt>Host</dt>
          <dd>
            <To href={hostPath(match.host)}>{match.host}</To>
          </dd>
        </>
      )}
      {typeof container === 'string' && (
        <>
          <dt>Container</dt>
          <dd>
            <To href={containerPath(name ?? container)}>{name ?? container.slice(0, 12)}</To>
          </dd>
        </>
      )}
    </>
  );
}

interface Data {
  readonly match?: { readonly host: string } | null;
  readonly container?: string;
  readonly name?: string;
}

interface Family {
  /** From the root on. */
  readonly causes: Asked<Page<LogEvent>>;
  /** Of the root. */
  readonly under: Asked<Page<LogEvent>>;
  readonly waiting: boolean;
}

function useFamily(position: string): Family {
  const causes = useApi<Page<LogEvent>>(`/events/${encodeURIComponent(position)}/causes?limit=1000`, {
    past: true,
  });
  const root = causes.data?.items[0]?.position ?? position;
  const under = useApi<Page<LogEvent>>(`/events/${root}/consequences?limit=1000`, { when: !causes.waiting });
  return { causes, under, waiting: causes.waiting || under.waiting };
}

function Tree({ event, family: { causes, under } }: { event: LogEvent; family: Family }) {
  const root = causes.data?.items[0] ?? event;
  if (under.error !== null) return <Failed problem={under.error} what="What it caused" />;
  if (under.data === undefined) return null;
  const children = Map.groupBy(under.data.items, ({ causationId }) => causationId ?? '');
  return (
    <section class="sheet">
      <header>
        <h2>Causes and consequences</h2>
      </header>
      <ul class="tree">
        <Branch event={root} childrenOf={children} current={event.position} />
      </ul>
    </section>
  );
}

interface BranchProps {
  readonly event: LogEvent;
  readonly childrenOf: ReadonlyMap<string, readonly LogEvent[]>;
  readonly current: number;
}

function Branch({ event, childrenOf, current }: BranchProps) {
  const children = childrenOf.get(event.id) ?? [];
  return (
    <li>
      <div class={event.position === current ? 'line event current' : 'line event'}>
        <EventLine event={event} current={event.position === current} />
      </div>
      {children.length > 0 && (
        <ul>
          {children.map((child) => (
            <Branch key={child.position} event={child} childrenOf={childrenOf} current={current} />
          ))}
        </ul>
      )}
    </li>
  );
}
