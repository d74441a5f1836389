/** One line of the list of routes. */
import type { Host, Target } from '../api/shapes.ts';
import { Instant } from '../parts/instant.tsx';
import { containerPath, hostPath, To } from '../parts/link.tsx';
import { OpenHost } from '../parts/open-host.tsx';
import { State } from '../parts/state.tsx';
import { type Line, milliseconds, type Rates, rate } from './route-lines.ts';

interface Props {
  readonly line: Line;
  readonly style: { readonly top: string; readonly height: string };
  readonly measured: boolean;
}

export function RouteLine({ line, style, measured }: Props) {
  if (line.kind === 'group')
    return (
      <div class="line group" role="row" style={style}>
        <div role="cell">
          {line.name} <span class="faint small">{line.count}</span>
        </div>
      </div>
    );
  if (line.kind === 'refused')
    return (
      <div class={measured ? 'line route measured' : 'line route'} role="row" style={style}>
        <div role="cell" class="cut name">
          <To href={containerPath(line.refusal.name)}>{line.refusal.name}</To>
        </div>
        <div role="cell" class="state-cell">
          <State of="refused" />
        </div>
        <div role="cell" class="cut detail" title={line.refusal.detail}>
          {afterSince(line.refusal.detail)}
        </div>
        <div role="cell" class="since">
          <Instant at={line.refusal.since} position={line.refusal.position} as="ago" />
        </div>
        <Measures rates={null} measured={measured} />
      </div>
    );
  const { host, rates } = line;
  return (
    <div class={measured ? 'line route measured' : 'line route'} role="row" style={style}>
      <div role="cell" class="name host-name">
        <To href={hostPath(host.host)} title={host.host} class="cut">
          <HostName host={host.host} />
        </To>
        {host.state !== 'refused' && <OpenHost host={host.host} path={firstPathOf(host)} />}
      </div>
      <div role="cell" class="state-cell">
        <State of={host.state} />
      </div>
      <div role="cell" class="cut detail" title={destinationOf(host)}>
        <Destination host={host} />
      </div>
      <div role="cell" class="since">
        <Since host={host} />
      </div>
      <Measures rates={rates} measured={measured} />
    </div>
  );
}

export function Heads({ measured }: { measured: boolean }) {
  return (
    <div class={measured ? 'line head route measured' : 'line head route'} role="row">
      <div role="columnheader">Host</div>
      <div role="columnheader">State</div>
      <div role="columnheader">Goes to</div>
      <div role="columnheader">For</div>
      {measured && (
        <>
          <div role="columnheader" class="number" title="Requests a second, over the last 10 seconds">
            req/s
          </div>
          <div role="columnheader" class="number" title="Errors a second">
            errors/s
          </div>
          <div
            role="columnheader"
            class="number"
            title="Half of the requests, and all but one in a hundred, are faster"
          >
            p50 / p99 ms
          </div>
        </>
      )}
    </div>
  );
}

/** The name that differs stands out from the domain that all share. */
function HostName({ host }: { host: string }) {
  const at = host.endsWith('.docker.localhost') ? host.length - '.docker.localhost'.length : host.length;
  return (
    <>
      {host.slice(0, at)}
      <span class="faint">{host.slice(at)}</span>
    </>
  );
}

function Destination({ host }: { host: Host }) {
  const open = host.routes.filter((route) => route.targets.length > 0);
  if (open.length === 0) {
    return afterSince(destinationOf(host));
  }
  return (
    <>
      {open.map((route, index) => (
        <span key={route.id}>
          {index > 0 && ' · '}
          {route.match.path !== '/' && <code>{route.match.path}</code>} <Targets targets={route.targets} />
        </span>
      ))}
    </>
  );
}

/** All of it, where the column is too narrow. */
function destinationOf({ routes, refusals, sentence }: Host): string {
  const open = routes.filter((route) => route.targets.length > 0);
  if (open.length === 0) return sentence || refusals.map(({ detail }) => detail).join('; ');
  return open
    .map(({ match, targets }) => {
      const all = targets.map(({ name, address, port }) => `${name} ${address}:${port}`).join(', ');
      return match.path === '/' ? all : `${match.path} ${all}`;
    })
    .join(' · ');
}

const firstPathOf = ({ routes }: Host): string =>
  routes
    .filter(({ targets }) => targets.length > 0)
    .toSorted((one, other) => one.match.path.length - other.match.path.length)[0]?.match.path ?? '/';

function Targets({ targets }: { targets: readonly Target[] }) {
  return (
    <>
      {targets.slice(0, 3).map((target, index) => (
        <span key={target.container}>
          {index > 0 && ', '}
          <To href={containerPath(target.name)}>{target.name}</To>{' '}
          <span class="faint mono">
            {target.address}:{target.port}
          </span>
        </span>
      ))}
      {targets.length > 3 && <span class="faint"> and {targets.length - 3} more</span>}
    </>
  );
}

/** The host and the time stand in columns of their own. */
const afterSince = (sentence: string): string => {
  const rest = /when (container .*)$/.exec(sentence)?.[1] ?? sentence;
  return rest.charAt(0).toUpperCase() + rest.slice(1);
};

function Since({ host }: { host: Host }) {
  const latest = [...host.routes, ...host.refusals].sort((one, other) => other.position - one.position)[0];
  return latest === undefined ? null : <Instant at={latest.since} position={latest.position} as="ago" />;
}

function Measures({ rates, measured }: { rates: Rates | null; measured: boolean }) {
  if (!measured) return null;
  const show = rates !== null;
  return (
    <>
      <div role="cell" class="number measure">
        {show ? rate(rates.requests) : ''}
      </div>
      <div role="cell" class={show && rates.errors > 0 ? 'number measure troubled' : 'number measure'}>
        {show ? rate(rates.errors) : ''}
      </div>
      <div role="cell" class="number measure">
        {show ? `${milliseconds(rates.p50)} / ${milliseconds(rates.p99)}` : ''}
      </div>
    </>
  );
}
