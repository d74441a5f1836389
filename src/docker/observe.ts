/** From the engine's inspect answer to a container's observation. Pure; what may not be kept is concealed here. */
import { constants } from 'node:os';
import { z } from 'zod';
import { containerIdSchema } from '../events/ids.ts';
import type {
  ContainerObservation,
  ContainerSpec,
  ContainerStatus,
  HealthStatus,
  NetworkAttachment,
  PublishedPort,
} from '../events/observations.ts';
import { EngineError } from './engine.ts';
import { type Conceal, keepEnv, keepLabels } from './secrets.ts';

/** Go writes empty maps and lists as null, and leaves many out. */
const mapOf = <T extends z.ZodType>(value: T) =>
  z
    .record(z.string(), value)
    .nullish()
    .transform((map) => map ?? {});
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

const endpointSchema = z.object({
  NetworkID: text,
  IPAddress: text,
  GlobalIPv6Address: text,
  Gateway: text,
  IPv6Gateway: text,
});

/** What is used of `GET /containers/{id}/json`. */
export const inspectSchema = z.object({
  Id: containerIdSchema,
  Name: z.string(),
  Created: z.string(),
  Image: text,
  RestartCount: z.number().int().nonnegative().default(0),
  State: z.object({
    Status: z.string(),
    OOMKilled: z.boolean().default(false),
    ExitCode: z.number().int().default(0),
    StartedAt: text,
    FinishedAt: text,
    Health: z.object({ Status: text }).nullish(),
  }),
  Config: z.object({
    Image: text,
    Env: z.array(z.string()).nullish(),
    Cmd: z.array(z.string()).nullish(),
    Entrypoint: z.union([z.array(z.string()), z.string()]).nullish(),
    Tty: z.boolean().default(false),
    Labels: mapOf(z.string()),
    ExposedPorts: mapOf(z.unknown()),
    Healthcheck: z.object({ Test: z.array(z.string()).nullish() }).nullish(),
    StopSignal: text,
    StopTimeout: z.number().nullish(),
  }),
  HostConfig: z.object({
    NetworkMode: text,
    PortBindings: mapOf(z.unknown()),
    RestartPolicy: z.object({ Name: text }).nullish(),
    AutoRemove: z.boolean().nullish(),
  }),
  NetworkSettings: z.object({
    Networks: mapOf(endpointSchema.nullish()),
    Ports: mapOf(z.array(z.object({ HostIp: text, HostPort: text })).nullish()),
  }),
});
export type Inspected = z.infer<typeof inspectSchema>;

/** @throws {EngineError} if it is no inspect answer */
export function readInspected(answer: unknown): Inspected {
  const parsed = inspectSchema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new EngineError('the engine answered with something that is no inspection of a container', 502);
}

/** @param driverOf of a network, by its id */
export function observationOf(
  inspected: Inspected,
  conceal: Conceal,
  driverOf: (network: string) => string,
): ContainerObservation {
  const { State, NetworkSettings } = inspected;
  return {
    container: inspected.Id,
    name: inspected.Name.replace(/^\//, ''),
    spec: specOf(inspected, conceal),
    status: statusOf(State.Status),
    health: healthOf(State.Health?.Status),
    startedAt: instant(State.StartedAt),
    finishedAt: instant(State.FinishedAt),
    exitCode: State.ExitCode,
    oomKilled: State.OOMKilled,
    restartCount: inspected.RestartCount,
    networks: networksOf(NetworkSettings.Networks, driverOf),
    published: publishedOf(NetworkSettings.Ports),
  };
}

function specOf({ Config, HostConfig, ...inspected }: Inspected, conceal: Conceal): ContainerSpec {
  const test = Config.Healthcheck?.Test ?? [];
  return {
    image: Config.Image,
    imageId: inspected.Image,
    createdAt: inspected.Created,
    labels: keepLabels(Config.Labels, conceal),
    exposed: tcpPorts([...Object.keys(Config.ExposedPorts), ...Object.keys(HostConfig.PortBindings)]),
    networkMode: HostConfig.NetworkMode === '' ? 'default' : HostConfig.NetworkMode,
    healthcheck: test.length > 0 && test[0] !== 'NONE',
    stopSignal: signalName(Config.StopSignal),
    env: keepEnv(Config.Env ?? [], conceal),
    restartPolicy: HostConfig.RestartPolicy?.Name || 'no',
    ...(HostConfig.AutoRemove ? { autoRemove: true as const } : {}),
  };
}

/** Podman has names of its own for some. */
const statuses: Readonly<Record<string, ContainerStatus>> = {
  created: 'created',
  configured: 'created',
  initialized: 'created',
  running: 'running',
  stopping: 'running',
  paused: 'paused',
  restarting: 'restarting',
  removing: 'removing',
  exited: 'exited',
  stopped: 'exited',
  dead: 'dead',
};

/** One that is not known counts as dead: nothing is routed to what we do not understand. */
export const statusOf = (status: string): ContainerStatus => statuses[status.toLowerCase()] ?? 'dead';

const healths: readonly string[] = ['starting', 'healthy', 'unhealthy'];
export const healthOf = (status: string | undefined): HealthStatus =>
  healths.includes(status ?? '') ? (status as HealthStatus) : 'none';

/** Go's zero time says never. */
export const instant = (value: string): string | null =>
  value === '' || value.startsWith('0001-01-01') ? null : value;

/** Ascending TCP ports of keys such as `80/tcp`; a key without a protocol is TCP. */
export function tcpPorts(keys: readonly string[]): number[] {
  const ports = keys.flatMap((key) => {
    const [port, protocol = 'tcp'] = key.split('/');
    return protocol.toLowerCase() === 'tcp' && isPort(port!) ? [Number(port)] : [];
  });
  return [...new Set(ports)].sort((a, b) => a - b);
}

export function networksOf(
  networks: Inspected['NetworkSettings']['Networks'],
  driverOf: (network: string) => string,
): NetworkAttachment[] {
  return Object.keys(networks)
    .sort()
    .map((name) => {
      const endpoint = networks[name];
      const driver = driverOf(endpoint?.NetworkID ?? '');
      return {
        name,
        address: endpoint?.IPAddress ?? '',
        address6: endpoint?.GlobalIPv6Address ?? '',
        gateway: endpoint?.Gateway ?? '',
        gateway6: endpoint?.IPv6Gateway ?? '',
        ...(driver === 'bridge' ? {} : { driver }),
      };
    });
}

/** Ids of its networks. */
export const networkIdsOf = ({ NetworkSettings }: Inspected): string[] =>
  Object.values(NetworkSettings.Networks).map((endpoint) => endpoint?.NetworkID ?? '');

export function publishedOf(ports: Inspected['NetworkSettings']['Ports']): PublishedPort[] {
  const published = Object.entries(ports).flatMap(([key, bindings]) => {
    const [port] = tcpPorts([key]);
    if (port === undefined) return [];
    return (bindings ?? [])
      .filter(({ HostPort }) => isPort(HostPort))
      .map(({ HostIp, HostPort }) => ({ port, hostAddress: HostIp, hostPort: Number(HostPort) }));
  });
  return published.sort(
    (a, b) => a.port - b.port || a.hostPort - b.hostPort || (a.hostAddress < b.hostAddress ? -1 : 1),
  );
}

const isPort = (port: string): boolean =>
  /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535;

/** `15`, `TERM` and `SIGTERM` are one signal; SIGTERM if none is set. */
function signalName(value: string): string {
  if (value === '') return 'SIGTERM';
  if (/^\d+$/.test(value)) {
    const named = Object.entries(constants.signals).find(([, number]) => number === Number(value));
    return named?.[0] ?? value;
  }
  const upper = value.toUpperCase();
  return upper.startsWith('SIG') ? upper : `SIG${upper}`;
}
