/** Containers as the engine has them now; as of a moment, those that were serving. */
import { useState } from 'preact/hooks';
import type { Some } from '../api/client.ts';
import type { Container, Host } from '../api/shapes.ts';
import { useList, useSome } from '../api/use-api.ts';
import { Commands } from '../parts/commands.tsx';
import { containerPath, hostPath, To } from '../parts/link.tsx';
import { useNarrow } from '../parts/narrow.ts';
import { Empty, Failed, Tries, Waiting } from '../parts/notice.tsx';
import { State } from '../parts/state.tsx';
import { VirtualRows } from '../parts/virtual-rows.tsx';
import { useMoment } from '../time/use-moment.ts';
import { RunButton } from './run.tsx';

/** The engine is asked about each of them. */
const rest = ({ items }: Some<Container>): number => items.length * 5;

export function ContainersPage() {
  const { past } = useMoment();
  return past ? <PastContainers /> : <LiveContainers />;
}

function LiveContainers() {
  const { data, error, waiting } = useSome<Container>('/containers?limit=1000', 20_000, { rest });
  const [search, setSearch] = useState('');
  const narrow = useNarrow();
  if (waiting) return <Waiting />;
  const containers = (data?.items ?? [])
    .filter(({ name, image, status }) =>
      `${name} ${image} ${status}`.toLowerCase().includes(search.toLowerCase()),
    )
    .toSorted((one, other) => one.name.localeCompare(other.name));
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
                rowHeight={narrow ? 112 : 52}
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
      <p>Three commands to try:</p>
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
  const { name, status, health, image, exposed, published, networks, routes, refusals } = container;
  return (
    <div class="line container" role="row" style={style}>
      <div role="cell" class="cut name">
        <To href={containerPath(name)}>{name}</To>
      </div>
      <div role="cell">
        <State of={health === 'none' || status !== 'running' ? status : health} />
      </div>
      <div role="cell" class="cut mono image" title={image}>
        {image}
      </div>
      <div role="cell" class="cut small ports">
        {[...exposed.map(String), ...published.map(({ port, hostPort }) => `${hostPort}→${port}`)].join(
          ', ',
        ) || '–'}
      </div>
      <div role="cell" class="cut small networks">
        {networks.map((network) => network.name).join(', ') || '–'}
      </div>
      <div role="cell" class="cut small hosts">
        {routes.map(({ id, match }, index) => (
          <span key={id}>
            {index > 0 && ', '}
            <To href={hostPath(match.host)}>{match.host.replace(/\.docker\.localhost$/, '')}</To>
          </span>
        ))}
        {routes.length === 0 && (
          <span class="faint">{refusals[0]?.detail ?? (status === 'running' ? '–' : 'not running')}</span>
        )}
      </div>
      <div role="cell" class="commands">
        <Commands container={container} few />
      </div>
    </div>
  );
}

/** The engine's own view of the past is not kept; what was serving is. */
function PastContainers() {
  const { path } = useMoment();
  const { data, error } = useList<Host>(path('/hosts', { limit: 1_000 }), { past: true });
  const serving = new Map<string, { name: string; address: string; hosts: string[] }>();
  for (const { host, routes } of data ?? [])
    for (const target of routes.flatMap((route) => route.targets)) {
      const known = serving.get(target.container) ?? {
        name: target.name,
        address: target.address,
        hosts: [],
      };
      if (!known.hosts.includes(host)) known.hosts.push(host);
      serving.set(target.container, known);
    }
  return (
    <main class="page">
      <div class="page-head">
        <h1>Containers that were serving</h1>
      </div>
      <p>Of the past, Portolan keeps what it routed. What else the engine had then, the events tell.</p>
      {error !== null && data === undefined ? (
        <Failed problem={error} what="What was serving" />
      ) : serving.size === 0 ? (
        <div class="sheet">
          <Empty title="Nothing was serving at this moment" />
        </div>
      ) : (
        <div class="sheet scrolls" style={{ padding: '0.2rem 1.1rem' }}>
          <table class="plain">
            <thead>
              <tr>
                <th>Name</th>
                <th>Address</th>
                <th>Hosts</th>
              </tr>
            </thead>
            <tbody>
              {[...serving].map(([id, { name, address, hosts }]) => (
                <tr key={id}>
                  <td>
                    <To href={containerPath(name)}>{name}</To>
                  </td>
                  <td class="mono">{address}</td>
                  <td>
                    {hosts.map((host, index) => (
                      <span key={host}>
                        {index > 0 && ', '}
                        <To href={hostPath(host)}>{host}</To>
                      </span>
                    ))}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </main>
  );
}
