/** One host: where it goes and why, its past as intervals, what changed since it last worked, how busy it is. */
import type { Diff, Host, Interval, LogEvent } from '../api/shapes.ts';
import { useApi } from '../api/use-api.ts';
import { useOlder } from '../api/use-older.ts';
import { EventLine } from '../parts/event-line.tsx';
import { To } from '../parts/link.tsx';
import { Failed, Waiting } from '../parts/notice.tsx';
import { OpenHost } from '../parts/open-host.tsx';
import { State } from '../parts/state.tsx';
import { useMoment } from '../time/use-moment.ts';
import { Changes } from './changes.tsx';
import { Intervals } from './intervals.tsx';
import { RouteTable } from './route-table.tsx';
import { StartAgain } from './start-again.tsx';
import { TrafficSeries } from './traffic-series.tsx';

export function HostPage({ host }: { host: string }) {
  const { path, past } = useMoment();
  const base = `/hosts/${encodeURIComponent(host)}`;
  const found = useApi<Host>(path(base), { past });
  const history = useOlder<Interval>(
    `${base}/history?limit=200`,
    ({ route, openedBy }) => `${route} ${openedBy}`,
  );
  const why = useApi<Reason>(path(`${base}/why`), { past });
  const diff = useApi<Diff>(path(`${base}/diff`), { past });
  if (found.error?.status === 404) return <Unknown host={host} reason={why.data} />;
  if (found.error !== null && found.data === undefined)
    return (
      <main class="page stack">
        <h1>{host}</h1>
        <Failed problem={found.error} what={host} />
      </main>
    );
  // All at once: what comes later would push away what one has begun to read.
  if (found.data === undefined || history.waiting || why.waiting || diff.waiting) return <Waiting />;
  return (
    <main class="page stack">
      <div class="page-head" style={{ marginBottom: 0 }}>
        <h1>{host}</h1>
        <span class="row">
          <State of={found.data.state} />
          <OpenHost host={host} button />
          <To class="button" href="/resolve" query={{ url: `http://${host}/` }}>
            Resolve
          </To>
        </span>
      </div>
      <Why reason={why.data} sentence={found.data.sentence} />
      {!past && found.data.state === 'closed' && <StartAgain intervals={history.data ?? []} />}
      <section class="sheet">
        <header>
          <h2>Where it goes</h2>
        </header>
        <RouteTable host={found.data} />
      </section>
      {!past && <TrafficSeries host={host} />}
      <section class="sheet">
        <header>
          <h2>What it was</h2>
          <To href="/events" query={{ host }}>
            its events
          </To>
        </header>
        {history.data !== undefined && <Intervals intervals={history.data} more={history.more} />}
      </section>
      {diff.data !== undefined && <SinceItWorked diff={diff.data} />}
    </main>
  );
}

interface Reason {
  readonly sentence: string;
  readonly chain: readonly LogEvent[];
}

/** A host that nobody has answered as: which one may have been meant, and who runs without a route. */
function Unknown({ host, reason }: { host: string; reason: Reason | undefined }) {
  return (
    <main class="page stack">
      <h1>{host}</h1>
      {reason === undefined ? (
        <Waiting />
      ) : (
        <>
          <p>
            The <To href="/">routes</To> list all hosts that are known.
          </p>
          <Why reason={{ ...reason, sentence: capital(reason.sentence) }} sentence="" />
        </>
      )}
    </main>
  );
}

const capital = (sentence: string): string => sentence.charAt(0).toUpperCase() + sentence.slice(1);

function Why({ reason: data, sentence }: { reason: Reason | undefined; sentence: string }) {
  const text = data?.sentence ?? sentence;
  if (text === '' && (data?.chain ?? []).length === 0) return null;
  return (
    <section class="sheet">
      <header>
        <h2>Why</h2>
      </header>
      <p style={{ padding: '0.8rem 1.1rem 0.2rem', fontSize: '1.1rem' }}>{text}</p>
      {data?.chain.map((event) => (
        <div key={event.position} class="line event" style={{ paddingBlock: '0.3rem' }}>
          <EventLine event={event} />
        </div>
      ))}
    </section>
  );
}

function SinceItWorked({ diff }: { diff: Diff }) {
  return (
    <section class="sheet">
      <header>
        <h2>What changed since it last worked</h2>
      </header>
      <Changes diff={diff} />
    </section>
  );
}
