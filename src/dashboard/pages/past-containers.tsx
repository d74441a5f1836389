/** The containers that were serving at a moment: the engine's own view of the past is not kept, what was routed is. */
import type { Host } from '../api/shapes.ts';
import { useList } from '../api/use-api.ts';
import { Beginning } from '../parts/beginning.tsx';
import { byName } from '../parts/by-name.ts';
import { containerPath, hostPath, To } from '../parts/link.tsx';
import { useNarrow } from '../parts/narrow.ts';
import { Empty, Failed, Waiting } from '../parts/notice.tsx';
import { VirtualRows } from '../parts/virtual-rows.tsx';
import { useMoment } from '../time/use-moment.ts';

export function PastContainers() {
  const { path } = useMoment();
  const { data, error, waiting } = useList<Host>(path('/hosts', { limit: 1_000 }), { past: true });
  const narrow = useNarrow();
  const serving = servingOf(data ?? []);
  return (
    <main class="page">
      <div class="page-head">
        <h1>Containers that were serving</h1>
      </div>
      <p>Of the past, Portolan keeps what it routed. What else the engine had then, the events tell.</p>
      {error !== null && data === undefined ? (
        <Failed problem={error} what="What was serving" />
      ) : waiting ? (
        <Waiting />
      ) : (
        <div class="sheet">
          {serving.length === 0 ? (
            <Empty title="Nothing was serving at this moment">
              <Beginning />
            </Empty>
          ) : (
            <VirtualRows
              label="Containers that were serving"
              count={serving.length}
              rowHeight={narrow ? 68 : 42}
              head={narrow ? undefined : <Heads />}
              row={(index, style) => (
                <ServingLine key={serving[index]!.id} container={serving[index]!} style={style} />
              )}
            />
          )}
        </div>
      )}
    </main>
  );
}

interface Serving {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly hosts: string[];
}

function servingOf(hosts: readonly Host[]): readonly Serving[] {
  const serving = new Map<string, Serving>();
  for (const { host, routes } of hosts)
    for (const { container: id, name, address } of routes.flatMap((route) => route.targets)) {
      const known = serving.get(id) ?? { id, name, address, hosts: [] };
      if (!known.hosts.includes(host)) known.hosts.push(host);
      serving.set(id, known);
    }
  return [...serving.values()].sort((one, other) => byName(one.name, other.name));
}

const Heads = () => (
  <div class="line head served" role="row">
    {['Name', 'Address', 'Hosts'].map((name) => (
      <div key={name} role="columnheader">
        {name}
      </div>
    ))}
  </div>
);

interface LineProps {
  readonly container: Serving;
  readonly style: { readonly top: string; readonly height: string };
}

function ServingLine({ container: { name, address, hosts }, style }: LineProps) {
  return (
    <div class="line served" role="row" style={style}>
      <div role="cell" class="cut name">
        <To href={containerPath(name)} title={name}>
          {name}
        </To>
      </div>
      <div role="cell" class="mono">
        {address}
      </div>
      <div role="cell" class="cut hosts" title={hosts.join(', ')}>
        {hosts.map((host, index) => (
          <span key={host}>
            {index > 0 && ', '}
            <To href={hostPath(host)}>{host}</To>
          </span>
        ))}
      </div>
    </div>
  );
}
