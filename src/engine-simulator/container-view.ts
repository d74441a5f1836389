/** `GET /containers/{id}/json`: a container as the Docker API shows it (version 1.41). */
import { instant, never } from './clock.ts';
import { type Container, type ContainerState, type Endpoint, isRunning } from './container.ts';
import type { HealthRecord } from './health.ts';

export function containerView(container: Container): Record<string, unknown> {
  const { config } = container;
  const command = [...config.entrypoint, ...config.cmd];
  return {
    Id: container.id,
    Created: instant(container.created),
    Path: command[0] ?? '',
    Args: command.slice(1),
    State: stateView(container),
    Image: config.image.id,
    ResolvConfPath: '',
    HostnamePath: '',
    HostsPath: '',
    LogPath: '',
    Name: `/${container.name}`,
    RestartCount: container.restartCount,
    Driver: 'simulated',
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: null,
    HostConfig: hostConfigView(container),
    GraphDriver: { Data: null, Name: 'simulated' },
    Mounts: [],
    Config: configView(container),
    NetworkSettings: networkSettingsView(container),
  };
}

function stateView(container: Container): Record<string, unknown> {
  const { status, startedAt, finishedAt, probes, process } = container;
  return {
    Status: status,
    Running: isRunning(container) || status === 'restarting',
    Paused: status === 'paused',
    Restarting: status === 'restarting',
    OOMKilled: container.oomKilled,
    Dead: false,
    Pid: process?.pid ?? 0,
    ExitCode: container.exitCode,
    Error: container.error,
    StartedAt: startedAt === null ? never : instant(startedAt),
    FinishedAt: finishedAt === null ? never : instant(finishedAt),
    ...(probes === null ? {} : { Health: healthView(probes) }),
  };
}

const healthView = ({ status, failingStreak, log }: HealthRecord): Record<string, unknown> => ({
  Status: status,
  FailingStreak: failingStreak,
  Log: log.map(({ start, end, exitCode }) => ({
    Start: instant(start),
    End: instant(end),
    ExitCode: exitCode,
    Output: '',
  })),
});

function hostConfigView({ config, restart }: Container): Record<string, unknown> {
  return {
    Binds: null,
    ContainerIDFile: '',
    LogConfig: { Type: 'json-file', Config: {} },
    VolumesFrom: null,
    CapAdd: null,
    CapDrop: null,
    Memory: 0,
    Privileged: false,
    ReadonlyRootfs: false,
    ...config.given.host,
    NetworkMode: config.networkMode,
    PortBindings: config.portBindings,
    PublishAllPorts: config.publishAll,
    RestartPolicy: { Name: restart.name, MaximumRetryCount: restart.maximumRetryCount },
    AutoRemove: config.autoRemove,
  };
}

function configView({ id, config }: Container): Record<string, unknown> {
  const { healthcheck, stopSignal } = config;
  return {
    Hostname: id.slice(0, 12),
    Domainname: '',
    User: '',
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    OpenStdin: false,
    StdinOnce: false,
    Volumes: null,
    WorkingDir: '',
    OnBuild: null,
    ...config.given.config,
    ExposedPorts: Object.fromEntries(config.exposed.map((port) => [port, {}])),
    Tty: config.tty,
    Env: config.env,
    Cmd: config.cmd,
    Image: config.imageName,
    Entrypoint: config.entrypoint.length > 0 ? config.entrypoint : null,
    Labels: config.labels,
    ...(stopSignal === '' ? {} : { StopSignal: stopSignal }),
    ...(healthcheck === null
      ? {}
      : {
          Healthcheck: {
            Test: healthcheck.test,
            Interval: healthcheck.interval * 1e6,
            StartPeriod: healthcheck.startPeriod * 1e6,
            Retries: healthcheck.retries,
          },
        }),
  };
}

function networkSettingsView(container: Container): Record<string, unknown> {
  const bridge = container.endpoints.get('bridge');
  const top = endpointView(bridge);
  return {
    Bridge: '',
    SandboxID: container.process === null ? '' : container.id,
    SandboxKey: '',
    Ports: portsView(container),
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: top['EndpointID'],
    Gateway: top['Gateway'],
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    IPAddress: top['IPAddress'],
    IPPrefixLen: top['IPPrefixLen'],
    IPv6Gateway: '',
    MacAddress: top['MacAddress'],
    Networks: endpointsView(container),
  };
}

/** Ports that are exposed, with what they are published as; nothing while it does not run. */
function portsView(container: Container): Record<string, unknown> {
  if (!isRunning(container) || container.config.networkMode === 'host') return {};
  return Object.fromEntries(
    container.config.exposed.map((port) => {
      const published = container.published
        .filter((one) => one.port === port)
        .map(({ hostAddress, hostPort }) => ({ HostIp: hostAddress, HostPort: String(hostPort) }));
      return [port, published.length > 0 ? published : null];
    }),
  );
}

/** @param state the container's, or the list's copy of it */
export const endpointsView = (state: ContainerState): Record<string, unknown> =>
  Object.fromEntries([...state.endpoints].map(([name, endpoint]) => [name, endpointView(endpoint)]));

function endpointView(endpoint: Endpoint | undefined): Record<string, unknown> {
  const address = endpoint?.address ?? '';
  const addresses = endpoint?.network.addresses ?? null;
  const held = address === '' ? null : addresses;
  return {
    IPAMConfig: null,
    Links: null,
    Aliases: endpoint === undefined || endpoint.aliases.length === 0 ? null : endpoint.aliases,
    NetworkID: endpoint?.network.id ?? '',
    EndpointID: endpoint?.id ?? '',
    Gateway: held?.gateway() ?? '',
    IPAddress: address,
    IPPrefixLen: held?.prefixLength ?? 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    MacAddress: held === null ? '' : macOf(address),
    DriverOpts: null,
  };
}

/** As the engine makes them: from the address. */
export const macOf = (address: string): string =>
  ['02', '42', ...address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))].join(':');
