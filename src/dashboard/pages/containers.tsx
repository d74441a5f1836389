/** Containers as the engine has them now; as of a moment, those that were serving. */
import { useState } from 'preact/hooks';
import type { Some } from '../api/client.ts';
import type { Container } from '../api/shapes.ts';
import { useSome } from '../api/use-api.ts';
import { byName } from '../parts/by-name.ts';
import { Commands } from '../parts/commands.tsx';
import { containerPath, hostPath, To } from '../parts/link.tsx';
import { useNarrow } from '../parts/narrow.ts';
import { Empty, Failed, Tries, Waiting } from '../parts/notice.tsx';
import { State, stateOf } from '../parts/state.tsx';
import { VirtualRows } from '../parts/virtual-rows.tsx';
import { useMoment } from '../time/use-moment.ts';
import { PastContainers } from './past-containers.tsx';
import { RunButton } from './run.tsx';

/** The engine is asked about each of them. */
const rest = ({ items }: Some<Container>): number => items.length * 5;

export function ContainersPage() {
  const { past } = useMoment();
  return past ? <PastContainers /> : <LiveContainers />;
}

function LiveContainers() {
  const { data, error, waiting } = useSome<Container>('/containers?limit=200', 20_000, { rest });
  const [search, setSearch] = useState('');
  const narrow = useNarrow();
  if (waiting) return <Waiting />;
  const containers = (data?.items ?? [])
    .filter(({ name, image, status }) =>
      `${name} ${image} ${status}`.toLowerCase().includes(search.toLowerCase()),
    )
    .toSorted((one, other) => byName(one.name, other.name));
  return (
    <main class="page">
      <div class="page-head">
        <h1>Containers</h1>
        <RunButton />
      </div>
      {error !== null && data === undefined ? (
        <Failed problem={error} what="The engine's containers" />
      ) : (
        <>
          <input
            class="field"
            type="search"
            aria-label="Search containers"
            placeholder="Search containers"
            style={{ width: 'min(26rem, 100%)', marginBottom: '0.8rem' }}
            value={search}
            onInput={(event) => setSearch(event.currentTarget.value)}
          />
          <div class="sheet">
            {containers.length === 0 ? (
              <NoContainers searched={search !== ''} />
            ) : (
              <VirtualRows
                label="Containers"
                count={containers.length}
                rowHeight={narrow ? 100 : 46}
                head={narrow ? undefined : <Heads />}
                row={(index, style) => (
                  <ContainerLine key={containers[index]!.id} container={containers[index]!} style={style} />
                )}
              />
            )}
          </div>
        </>
      )}
    </main>
  );
}

function NoContainers({ searched }: { searched: boolean }) {
  if (searched) return <Empty title="Nothing matches" />;
  return (
    <Empty title="The engine has no containers">
      <p>Run one here, or try one of these in a terminal:</p>
      <Tries
        commands={[
          'docker run -d --name nginx1 nginx',
          'docker compose up -d',
          'docker run -d --name hello -l portolan.host=hello.docker.localhost nginx',
        ]}
      />
    </Empty>
  );
}

const Heads = () => (
  <div class="line head container" role="row">
    {['Name', 'State', 'Image', 'Ports', 'Networks', 'Routes'].map((name) => (
      <div key={name} role="columnheader">
        {name}
      </div>
    ))}
    <div role="columnheader">
      <span class="unseen">Commands</span>
    </div>
  </div>
);

function ContainerLine({
  container,
  style,
}: {
  container: Container;
  style: { top: string; height: string };
}) {
  const { name, image, exposed, published, networks, routes, refusals } = container;
  const state = stateOf(container);
  return (
    <div class="line container" role="row" style={style}>
      <div role="cell" class="cut name">
        <To href={containerPath(name)} title={name}>
          {name}
        </To>
      </div>
      <div role="cell">
        <State of={state} />
      </div>
      <div role="cell" class="cut mono image" title={image}>
        {image}
      </div>
      <div role="cell" class="cut small ports" title={exposed.join(', ')}>
        {[...exposed.map(String), ...published.map(({ port, hostPort }) => `${hostPort}→${port}`)].join(
          ', ',
        ) || '–'}
      </div>
      <div role="cell" class="cut small networks" title={networks.map((network) => network.name).join(', ')}>
        {networks.map((network) => network.name).join(', ') || '–'}
      </div>
      <div
        role="cell"
        class="cut small hosts"
        title={routes.map(({ match }) => match.host).join(', ') || refusals[0]?.detail}
      >
        {routes.map(({ id, match }, index) => (
          <span key={id}>
            {index > 0 && ', '}
            <To href={hostPath(match.host)}>{match.host.replace(/\.docker\.localhost$/, '')}</To>
          </span>
        ))}
        {routes.length === 0 && <span class="faint">{refusals[0]?.detail ?? unroutedWhile(state)}</span>}
      </div>
      <div role="cell" class="commands">
        <Commands container={container} few />
      </div>
    </div>
  );
}

/** Why a container has no route that nothing refused: its state. */
function unroutedWhile(state: string): string {
  if (state === 'running' || state === 'healthy') return '–';
  return state === 'paused' || state === 'unhealthy' || state === 'starting'
    ? `none while ${state}`
    : 'not running';
}
