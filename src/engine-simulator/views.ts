/** Containers as the Docker API shows them (version 1.41). */
import { instant } from './clock.ts';
import { type Container, isRunning } from './container.ts';
import type { Network } from './networks.ts';

const never = '0001-01-01T00:00:00Z';

/** `GET /containers/{id}/json`. */
export function inspectView(container: Container): Record<string, unknown> {
  const { config } = container;
  return {
    Id: container.id,
    Created: instant(container.created),
    Path: config.cmd[0] ?? '',
    Args: config.cmd.slice(1),
    Name: `/${container.name}`,
    Image: config.image.id,
    RestartCount: container.restartCount,
    Driver: 'simulated',
    Platform: 'linux',
    State: stateView(container),
    HostConfig: {
      NetworkMode: config.networkMode,
      RestartPolicy: { Name: config.restart, MaximumRetryCount: 0 },
      AutoRemove: config.autoRemove,
      PortBindings: config.portBindings,
    },
    Config: {
      Hostname: container.id.slice(0, 12),
      Image: config.imageName,
      Labels: config.labels,
      Env: config.env,
      Cmd: config.cmd,
      Tty: false,
      StopSignal: 'SIGTERM',
      ExposedPorts: Object.fromEntries(config.exposed.map((port) => [port, {}])),
      ...(config.healthcheck ? { Healthcheck: { Test: ['CMD', 'probe'] } } : {}),
    },
    NetworkSettings: {
      Ports: isRunning(container) ? portsView(container) : {},
      Networks: networksView(container),
    },
  };
}

function stateView(container: Container): Record<string, unknown> {
  const { status, startedAt, finishedAt, health } = container;
  return {
    Status: status,
    Running: isRunning(container),
    Paused: status === 'paused',
    Restarting: false,
    OOMKilled: container.oomKilled,
    Dead: false,
    Pid: isRunning(container) ? 4242 : 0,
    ExitCode: container.exitCode,
    Error: '',
    StartedAt: startedAt === null ? never : instant(startedAt),
    FinishedAt: finishedAt === null ? never : instant(finishedAt),
    ...(health === 'none' ? {} : { Health: { Status: health, FailingStreak: 0, Log: [] } }),
  };
}

function portsView({ config }: Container): Record<string, unknown> {
  return Object.fromEntries(config.exposed.map((port) => [port, config.portBindings[port] ?? null]));
}

function networksView(container: Container): Record<string, unknown> {
  const running = isRunning(container);
  return Object.fromEntries(
    [...container.networks.values()].map(({ id, name }) => [
      name,
      {
        NetworkID: id,
        EndpointID: running ? id.slice(0, 32) + container.id.slice(0, 32) : '',
        Gateway: running ? '127.0.0.1' : '',
        IPAddress: running ? container.address : '',
        IPPrefixLen: running ? 8 : 0,
        IPv6Gateway: '',
        GlobalIPv6Address: '',
        MacAddress: '',
      },
    ]),
  );
}

/** An entry of `GET /containers/json`. @param now the engine's clock */
export function listView(container: Container, now: bigint): Record<string, unknown> {
  const { config, status } = container;
  return {
    Id: container.id,
    Names: [`/${container.name}`],
    Image: config.imageName,
    ImageID: config.image.id,
    Command: config.cmd.join(' '),
    Created: Number(container.created / 1_000_000_000n),
    State: status,
    Status: statusText(container, now),
    Labels: config.labels,
    Ports: config.exposed.map((port) => ({
      PrivatePort: Number.parseInt(port, 10),
      Type: port.split('/')[1],
    })),
    HostConfig: { NetworkMode: config.networkMode },
    NetworkSettings: { Networks: networksView(container) },
    Mounts: [],
  };
}

function statusText(container: Container, now: bigint): string {
  if (container.status === 'created') return 'Created';
  if (!isRunning(container))
    return `Exited (${container.exitCode}) ${age(now - (container.finishedAt ?? now))} ago`;
  const up = `Up ${age(now - (container.startedAt ?? now))}`;
  if (container.status === 'paused') return `${up} (Paused)`;
  if (container.health === 'none') return up;
  return `${up} (${container.health === 'starting' ? 'health: starting' : container.health})`;
}

/** As docker/go-units writes durations. */
function age(nanoseconds: bigint): string {
  const seconds = Number(nanoseconds / 1_000_000_000n);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return 'About a minute';
  return minutes < 60 ? `${minutes} minutes` : `${Math.floor(minutes / 60)} hours`;
}

export const networkView = ({ id, name, driver }: Network): Record<string, unknown> => ({
  Id: id,
  Name: name,
  Driver: driver,
  Scope: 'local',
  Containers: {},
});
