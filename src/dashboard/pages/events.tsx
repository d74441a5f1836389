/** The log, newest first, filtered; at the live end it grows by itself. */
import { useSearchParams } from 'wouter-preact';
import { EventLine } from '../parts/event-line.tsx';
import { useNarrow } from '../parts/narrow.ts';
import { Empty, Failed } from '../parts/notice.tsx';
import { VirtualRows } from '../parts/virtual-rows.tsx';
import { useMoment } from '../time/use-moment.ts';
import { type Filter, useEventPages } from './event-pages.ts';
import { eventTypes } from './event-types.ts';

const names = ['type', 'container', 'host', 'actor'] as const;

export function EventsPage() {
  const { at } = useMoment();
  const [search, setSearch] = useSearchParams();
  const narrow = useNarrow();
  const filter: Filter = Object.fromEntries(names.map((name) => [name, search.get(name) ?? '']));
  const { events, problem, waiting, more } = useEventPages(filter, at);
  const set = (name: string, value: string): void =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === '') next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  return (
    <main class="page">
      <div class="page-head">
        <h1>Events</h1>
        <span class="faint">{at === null ? 'newest first, live' : 'up to this moment, newest first'}</span>
      </div>
      <Filters filter={filter} set={set} />
      {problem !== null ? (
        <Failed problem={problem} what="The events" />
      ) : (
        <div class="sheet">
          {events.length === 0 ? (
            <Empty title={waiting ? 'Reading the log…' : 'No event matches'} />
          ) : (
            <VirtualRows
              label="Events"
              count={events.length}
              rowHeight={narrow ? 66 : 38}
              head={narrow ? undefined : <Heads />}
              keyOf={(index) => events[index]?.position}
              onEnd={more}
              row={(index, style) => (
                <div key={events[index]!.position} class="line event" role="row" style={style}>
                  <EventLine event={events[index]!} cells />
                </div>
              )}
            />
          )}
        </div>
      )}
    </main>
  );
}

const Heads = () => (
  <div class="line head event" role="row">
    {['Position', 'Recorded', 'Event', 'About', 'By'].map((name) => (
      <div key={name} role="columnheader">
        {name}
      </div>
    ))}
  </div>
);

function Filters({ filter, set }: { filter: Filter; set: (name: string, value: string) => void }) {
  return (
    <div class="row filters">
      <select
        class="field"
        aria-label="Type"
        value={filter['type'] ?? ''}
        onChange={(event) => set('type', event.currentTarget.value)}
      >
        <option value="">all types</option>
        {eventTypes.map((type) => (
          <option key={type}>{type}</option>
        ))}
      </select>
      <Typed name="container" hint="container" filter={filter} set={set} />
      <Typed name="host" hint="host" filter={filter} set={set} />
      <select
        class="field"
        aria-label="Actor"
        value={filter['actor'] ?? ''}
        onChange={(event) => set('actor', event.currentTarget.value)}
      >
        <option value="">anybody</option>
        {['engine', 'api', 'external', 'portolan'].map((kind) => (
          <option key={kind}>{kind}</option>
        ))}
      </select>
    </div>
  );
}

interface TypedProps {
  readonly name: string;
  readonly hint: string;
  readonly filter: Filter;
  readonly set: (name: string, value: string) => void;
}

const Typed = ({ name, hint, filter, set }: TypedProps) => (
  <input
    class="field"
    type="search"
    aria-label={hint}
    placeholder={hint}
    value={filter[name] ?? ''}
    onChange={(event) => set(name, event.currentTarget.value.trim())}
  />
);
