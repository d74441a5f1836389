/** One container: state, routes, configuration and how it changed, its output and resource use live, commands. */

import { withQuery } from '../api/client.ts';
import type { Container, Incarnation, LogEvent, Page } from '../api/shapes.ts';
import { useApi } from '../api/use-api.ts';
import { Commands } from '../parts/commands.tsx';
import { EventLine } from '../parts/event-line.tsx';
import { Instant } from '../parts/instant.tsx';
import { hostPath, To } from '../parts/link.tsx';
import { Failed, Waiting } from '../parts/notice.tsx';
import { State } from '../parts/state.tsx';
import { useMoment } from '../time/use-moment.ts';
import { Incarnations, incarnationsPath } from './incarnations.tsx';
import { Output } from './output.tsx';
import { Stats } from './stats.tsx';

export function ContainerPage({ id }: { id: string }) {
  const { past } = useMoment();
  const { data, error, waiting } = useApi<Container>(`/containers/${encodeURIComponent(id)}`, {
    when: !past,
  });
  const gone = error !== null && error.status === 404;
  const incarnations = useApi<Page<Incarnation>>(incarnationsPath(id));
  if (waiting || incarnations.waiting) return <Waiting />;
  const remembered = (incarnations.data?.items ?? []).length > 0;
  return (
    <main class="page stack">
      <div class="page-head" style={{ marginBottom: 0 }}>
        <h1>{data?.name ?? id}</h1>
        {!past && data !== undefined && !gone && <Commands container={data} />}
      </div>
      {past && <p>The engine's own view of the past is not kept; this is what the log says of it.</p>}
      {!past && gone && remembered && <p>The engine has no such container any more; the log remembers it.</p>}
      {gone && !remembered && (
        <p>
          Neither the engine nor the log knows a container of this name. The{' '}
          <To href="/containers">containers</To> list all that there are.
        </p>
      )}
      {!past && error !== null && !gone && data === undefined && (
        <Failed problem={error} what="The container" />
      )}
      {!past && data !== undefined && !gone && (
        <>
          <Facts container={data} />
          {data.status === 'running' && <Stats key={data.startedAt} id={data.id} />}
          <Output key={data.startedAt} id={data.id} />
        </>
      )}
      <Incarnations data={incarnations.data} />
      {(remembered || data !== undefined) && <Recent id={data?.id ?? id} />}
    </main>
  );
}

function Facts({ container }: { container: Container }) {
  const { status, health, exitCode, image, routes, refusals, networks, exposed, published, labels } =
    container;
  return (
    <section class="sheet padded">
      <dl class="facts">
        <dt>State</dt>
        <dd>
          <State of={status} /> {health !== 'none' && <State of={health} />}
          {status === 'exited' && <span class="faint"> with code {exitCode}</span>}
        </dd>
        {container.startedAt !== null && (
          <>
            <dt>Started</dt>
            <dd>
              <Instant at={container.startedAt} />
            </dd>
          </>
        )}
        <dt>Routes</dt>
        <dd>
          {routes.map(({ id, match }, index) => (
            <span key={id}>
              {index > 0 && ', '}
              <To href={hostPath(match.host)}>
                {match.host}
                {match.path === '/' ? '' : match.path}
              </To>
            </span>
          ))}
          {refusals.map(({ position, match, detail }) => (
            <div key={position}>
              <State of="refused" /> {match?.host} <span class="faint">{detail}</span>
            </div>
          ))}
          {routes.length + refusals.length === 0 && <span class="faint">none</span>}
        </dd>
        <dt>Image</dt>
        <dd class="mono">{image}</dd>
        <dt>Ports</dt>
        <dd>
          {exposed.join(', ') || 'none'}
          {published.map(({ port, hostAddress, hostPort }) => `; ${hostAddress}:${hostPort} → ${port}`)}
        </dd>
        <dt>Networks</dt>
        <dd>
          {networks.map(({ name, address }) => (
            <span key={name}>
              {name} <span class="mono faint">{address}</span>{' '}
            </span>
          ))}
        </dd>
        {Object.keys(labels).length > 0 && (
          <>
            <dt>Labels</dt>
            <dd class="mono">
              {Object.entries(labels).map(([key, value]) => (
                <div key={key}>
                  {key}={value}
                </div>
              ))}
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Recent({ id }: { id: string }) {
  const { at, past } = useMoment();
  const position = at?.startsWith('position:') ? Number(at.slice(9)) + 1 : null;
  const { data, error } = useApi<Page<LogEvent>>(
    withQuery('/events', {
      container: id,
      order: 'desc',
      limit: 30,
      before: position,
      until: position === null ? at : null,
    }),
    { past },
  );
  return (
    <section class="sheet">
      <header>
        <h2>Its events</h2>
        <To href="/events" query={{ container: id }}>
          all
        </To>
      </header>
      {error !== null && data === undefined && <Failed problem={error} what="Its events" />}
      {data?.items.map((event) => (
        <div key={event.position} class="line event" style={{ paddingBlock: '0.3rem' }}>
          <EventLine event={event} />
        </div>
      ))}
      {data?.items.length === 0 && <p style={{ padding: '0.8rem 1.1rem', margin: 0 }}>None.</p>}
    </section>
  );
}
