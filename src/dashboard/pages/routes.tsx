/** All hosts: where they go, since when, how busy they are; what is not routed, and why. */
import { useCallback, useMemo, useState } from 'preact/hooks';
import type { Host, Refusal, Traffic } from '../api/shapes.ts';
import { type Asked, useApi, useList } from '../api/use-api.ts';
import { Beginning } from '../parts/beginning.tsx';
import { byName } from '../parts/by-name.ts';
import { To } from '../parts/link.tsx';
import { useNarrow } from '../parts/narrow.ts';
import { Empty, Failed, Tries, Waiting } from '../parts/notice.tsx';
import { VirtualRows } from '../parts/virtual-rows.tsx';
import { useMoment } from '../time/use-moment.ts';
import { Heads, RouteLine } from './route-line.tsx';
import { type Line, linesOf } from './route-lines.ts';

export function RoutesPage() {
  const { path, past } = useMoment();
  const hosts = useList<Host>(path('/hosts', { limit: 1_000 }), { past });
  const refusals = useList<Refusal>(path('/refusals', { limit: 1_000 }), { past });
  const traffic = useApi<Traffic>('/traffic', { every: 2_000, when: !past });
  const [search, setSearch] = useState('');
  const [grouped, setGrouped] = useState(true);
  const [onlyTroubled, setOnlyTroubled] = useState(false);
  const rates = past ? undefined : traffic.data;
  const sorted = useMemo(
    () => (hosts.data ?? []).toSorted((one, other) => byName(one.host, other.host)),
    [hosts.data],
  );
  const lines = useMemo(
    () => linesOf(sorted, refusals.data ?? [], rates, { search, grouped, onlyTroubled }),
    [sorted, refusals.data, rates, search, grouped, onlyTroubled],
  );
  return (
    <main class="page" id="main">
      <div class="page-head">
        <h1>Routes</h1>
        <Summary hosts={hosts} />
      </div>
      <div class="row spread" style={{ marginBottom: '0.8rem' }}>
        <input
          class="field"
          type="search"
          aria-label="Search hosts, containers, owners"
          placeholder="Search hosts, containers, owners"
          style={{ flex: '1 1 14rem', maxWidth: '26rem' }}
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
        <div class="row">
          <Check label="Only what is not up" value={onlyTroubled} onChange={setOnlyTroubled} />
          <Check label="By compose project" value={grouped} onChange={setGrouped} />
        </div>
      </div>
      <List hosts={hosts} lines={lines} searched={search !== '' || onlyTroubled} measured={!past} />
    </main>
  );
}

interface ListProps {
  readonly hosts: Asked<readonly Host[]>;
  readonly lines: readonly Line[];
  readonly searched: boolean;
  readonly measured: boolean;
}

function List({ hosts, lines, searched, measured }: ListProps) {
  const narrow = useNarrow();
  const heightOf = useCallback(
    (index: number): number => (lines[index]?.kind === 'group' ? 38 : narrow ? 68 : 42),
    [lines, narrow],
  );
  if (hosts.error !== null && hosts.data === undefined)
    return <Failed problem={hosts.error} what="The routes" />;
  if (hosts.waiting) return <Waiting />;
  if (lines.length === 0)
    return <div class="sheet">{searched ? <Empty title="Nothing matches" /> : <NoRoutes />}</div>;
  return (
    <div class="sheet">
      <VirtualRows
        label="Routes"
        count={lines.length}
        rowHeight={heightOf}
        head={narrow ? undefined : <Heads measured={measured} />}
        row={(index, style) => (
          <RouteLine key={keyOf(lines[index]!)} line={lines[index]!} style={style} measured={measured} />
        )}
      />
    </div>
  );
}

const keyOf = (line: Line): string =>
  line.kind === 'group'
    ? `group ${line.name}`
    : line.kind === 'host'
      ? line.host.host
      : `refused ${line.refusal.container} ${line.refusal.position}`;

function Summary({ hosts: { data } }: { hosts: Asked<readonly Host[]> }) {
  if (data === undefined) return null;
  const count = (state: Host['state']): number => data.filter((host) => host.state === state).length;
  const parts = [
    [count('open'), 'open'],
    [count('unconfirmed'), 'unconfirmed'],
    [count('closed'), 'down'],
    [count('refused'), 'refused'],
  ] as const;
  return (
    <p class="faint" style={{ margin: 0 }}>
      {[
        `${data.length.toLocaleString('en')} ${data.length === 1 ? 'host' : 'hosts'}`,
        ...parts
          .filter(([number]) => number > 0)
          .map(([number, word]) => `${number.toLocaleString('en')} ${word}`),
      ].join(' · ')}
    </p>
  );
}

function NoRoutes() {
  const { past } = useMoment();
  if (past)
    return (
      <Empty title="Nothing was routed at this moment">
        <Beginning />
      </Empty>
    );
  return (
    <Empty title="No routes yet">
      <p>Start a container that exposes a port, and it appears here by itself:</p>
      <Tries
        commands={[
          'docker run -d --name nginx1 nginx',
          'curl http://nginx1.docker.localhost/',
          'docker stop nginx1   # and see what remains of it',
        ]}
      />
    </Empty>
  );
}

function Check({
  label,
  value,
  onChange,
}: {
  label: string;
  value: boolean;
  onChange: (value: boolean) => void;
}) {
  return (
    <label class="row small" style={{ gap: '0.35rem' }}>
      <input type="checkbox" checked={value} onChange={(event) => onChange(event.currentTarget.checked)} />
      {label}
    </label>
  );
}

export const NotFound = () => (
  <main class="page stack">
    <h1>There is no such page</h1>
    <p>
      The address may be mistyped. <To href="/">All routes</To> are a good place to begin.
    </p>
  </main>
);
