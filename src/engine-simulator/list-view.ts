/** `GET /containers/json`: containers as the list shows them, which may lag behind inspect. */
import { type Container, isRunning } from './container.ts';
import { endpointsView } from './container-view.ts';
import { type Filters, matchesName, matchesPair, readFilters } from './filters.ts';

const known = [
  'ancestor',
  'before',
  'expose',
  'exited',
  'health',
  'id',
  'isolation',
  'is-task',
  'label',
  'name',
  'network',
  'publish',
  'since',
  'status',
  'volume',
];

/** @param all also those that do not run; a filter by status means all. @throws {Refusal} 400 */
export function listedContainers(
  containers: readonly Container[],
  all: boolean,
  filterText: string | null,
): Container[] {
  const filters = readFilters(filterText, known);
  const any = all || filters.values('status') !== null;
  return containers
    .filter(({ listed }) => any || isRunning(listed) || listed.status === 'restarting')
    .filter((container) => passes(container, filters))
    .reverse();
}

function passes({ id, config, listed }: Container, filters: Filters): boolean {
  return (
    filters.some('id', (wanted) => id.startsWith(wanted)) &&
    filters.some('name', (wanted) => matchesName(wanted, listed.name)) &&
    filters.some('status', (wanted) => wanted === listed.status) &&
    filters.some('health', (wanted) => wanted === (listed.probes?.status ?? 'none')) &&
    filters.some('exited', (code) => listed.status === 'exited' && listed.exitCode === Number(code)) &&
    filters.some('ancestor', (wanted) => [config.imageName, config.image.id].includes(wanted)) &&
    filters.some('network', (wanted) =>
      [...listed.endpoints.values()].some(({ network }) => [network.name, network.id].includes(wanted)),
    ) &&
    filters.every('label', (pair) => matchesPair(pair, config.labels))
  );
}

/** @param now the engine's clock */
export function listView({ id, created, config, listed }: Container, now: bigint): Record<string, unknown> {
  return {
    Id: id,
    Names: [`/${listed.name}`],
    Image: config.imageName,
    ImageID: config.image.id,
    Command: [...config.entrypoint, ...config.cmd].join(' '),
    Created: Number(created / 1_000_000_000n),
    Ports: portsOf(config.exposed, listed),
    Labels: config.labels,
    State: listed.status,
    Status: statusText(listed, now),
    HostConfig: { NetworkMode: config.networkMode },
    NetworkSettings: { Networks: endpointsView(listed) },
    Mounts: [],
  };
}

function portsOf(
  exposed: readonly string[],
  { published, status }: Container['listed'],
): Record<string, unknown>[] {
  if (status !== 'running' && status !== 'paused') return [];
  return exposed.flatMap((port) => {
    const shown = { PrivatePort: Number.parseInt(port, 10), Type: port.split('/')[1] };
    const hosts = published.filter((one) => one.port === port);
    if (hosts.length === 0) return [shown];
    return hosts.map(({ hostAddress, hostPort }) => ({ IP: hostAddress, PublicPort: hostPort, ...shown }));
  });
}

function statusText(state: Container['listed'], now: bigint): string {
  const { status, exitCode, startedAt, finishedAt, probes } = state;
  if (status === 'created') return 'Created';
  if (status === 'removing') return 'Removal In Progress';
  const since = (time: bigint | null): string => age(now - (time ?? now));
  if (status === 'restarting') return `Restarting (${exitCode}) ${since(finishedAt)} ago`;
  if (status === 'exited') return `Exited (${exitCode}) ${since(finishedAt)} ago`;
  const up = `Up ${since(startedAt)}`;
  if (status === 'paused') return `${up} (Paused)`;
  if (probes === null) return up;
  return `${up} (${probes.status === 'starting' ? 'health: starting' : probes.status})`;
}

/** As docker/go-units writes durations. */
function age(nanoseconds: bigint): string {
  const seconds = Number(nanoseconds / 1_000_000_000n);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.round(minutes / 60);
  if (hours === 1) return 'About an hour';
  return hours < 48 ? `${hours} hours` : `${Math.floor(hours / 24)} days`;
}
