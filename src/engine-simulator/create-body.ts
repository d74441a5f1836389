/** Reads the body of `POST /containers/create` into a container's configuration. */
import type { ContainerConfig, Healthcheck, HostPort, RestartPolicy } from './container.ts';
import { Refusal } from './http.ts';
import type { Image, Images } from './images.ts';
import { signalNumber } from './signals.ts';

export interface CreateRequest {
  readonly config: ContainerConfig;
  /** Names of networks, with aliases. */
  readonly networks: ReadonlyMap<string, readonly string[]> | undefined;
}

/**
 * @param portFor the port that is exposed in the stead of the one that was asked for; see `Loopback`
 * @throws {Refusal} 400, 404
 */
export async function readCreateBody(
  body: Readonly<Record<string, unknown>>,
  images: Images,
  portFor: (port: number) => Promise<number>,
): Promise<CreateRequest> {
  const { HostConfig: host, NetworkingConfig: networking, ...given } = body as Body;
  if (Object.keys(given).length === 0) {
    throw new Refusal(400, 'Config cannot be empty in order to create a container');
  }
  const imageName = given.Image ?? '';
  const image = images.get(imageName);
  const restart = readRestartPolicy(host?.RestartPolicy);
  if (host?.AutoRemove === true && restart.name !== 'no') {
    throw new Refusal(400, "can't create 'AutoRemove' container with restart policy");
  }
  if (given.StopSignal) signalNumber(given.StopSignal);
  const config: ContainerConfig = {
    image,
    imageName,
    labels: { ...image.labels, ...given.Labels },
    env: mergeEnv(image.env, given.Env ?? []),
    cmd: given.Cmd ?? (given.Entrypoint ? [] : image.cmd),
    entrypoint: asList(given.Entrypoint),
    exposed: await exposedPorts(image, given, host, portFor),
    networkMode: host?.NetworkMode || 'default',
    restart,
    autoRemove: host?.AutoRemove ?? false,
    healthcheck: readHealthcheck(given.Healthcheck, image),
    portBindings: host?.PortBindings ?? {},
    publishAll: host?.PublishAllPorts ?? false,
    stopSignal: given.StopSignal ?? '',
    stopTimeout: given.StopTimeout ?? 10,
    tty: given.Tty ?? false,
    given: { config: { ...given }, host: { ...host } },
  };
  return { config, networks: readNetworks(networking) };
}

interface Body {
  readonly Image?: string;
  readonly Labels?: Record<string, string> | null;
  readonly Env?: string[] | null;
  readonly Cmd?: string[] | null;
  readonly Entrypoint?: string[] | string | null;
  readonly ExposedPorts?: Record<string, unknown> | null;
  readonly Healthcheck?: HealthBody | null;
  readonly StopSignal?: string;
  readonly StopTimeout?: number | null;
  readonly Tty?: boolean;
  readonly HostConfig?: HostBody | null;
  readonly NetworkingConfig?: {
    readonly EndpointsConfig?: Record<string, { readonly Aliases?: string[] | null } | null> | null;
  } | null;
}

interface HostBody {
  readonly NetworkMode?: string;
  readonly AutoRemove?: boolean;
  readonly RestartPolicy?: { readonly Name?: string; readonly MaximumRetryCount?: number } | null;
  readonly PortBindings?: Record<string, HostPort[]> | null;
  readonly PublishAllPorts?: boolean;
}

interface HealthBody {
  readonly Test?: string[] | null;
  /** Nanoseconds. */
  readonly Interval?: number;
  readonly StartPeriod?: number;
  readonly Retries?: number;
}

const asList = (value: string[] | string | null | undefined): string[] =>
  typeof value === 'string' ? [value] : (value ?? []);

/** @throws {Refusal} 400 */
export function readRestartPolicy(
  given: { readonly Name?: string; readonly MaximumRetryCount?: number } | null | undefined,
): RestartPolicy {
  const name = given?.Name || 'no';
  if (name !== 'no' && name !== 'always' && name !== 'unless-stopped' && name !== 'on-failure') {
    throw new Refusal(400, `invalid restart policy '${name}'`);
  }
  return { name, maximumRetryCount: given?.MaximumRetryCount ?? 0 };
}

/** What is given wins over the image's. */
function mergeEnv(own: readonly string[], given: readonly string[]): string[] {
  const nameOf = (entry: string): string => entry.split('=', 1)[0]!;
  const names = new Set(given.map(nameOf));
  return [...given, ...own.filter((entry) => !names.has(nameOf(entry)))];
}

async function exposedPorts(
  image: Image,
  given: Body,
  host: HostBody | null | undefined,
  portFor: (port: number) => Promise<number>,
): Promise<string[]> {
  const asked = [
    ...image.exposed,
    ...Object.keys(given.ExposedPorts ?? {}),
    ...Object.keys(host?.PortBindings ?? {}),
  ];
  const wanted = new Set(asked.map((port) => (port.includes('/') ? port : `${port}/tcp`)));
  const exposed: string[] = [];
  for (const one of wanted) {
    const [number, protocol] = one.split('/');
    exposed.push(protocol === 'tcp' ? `${await portFor(Number(number))}/tcp` : one);
  }
  return exposed;
}

/** The engine's defaults: every 30 s, unhealthy after three failures. */
function readHealthcheck(given: HealthBody | null | undefined, image: Image): Healthcheck | null {
  const test = given?.Test ?? [];
  if (test[0] === 'NONE') return null;
  if (test.length === 0) return image.healthcheck;
  return {
    test,
    interval: (given?.Interval || 30e9) / 1e6,
    startPeriod: (given?.StartPeriod ?? 0) / 1e6,
    retries: given?.Retries || 3,
  };
}

/** One network at creation, as API 1.41 has it. @throws {Refusal} 400 */
function readNetworks(
  networking: Body['NetworkingConfig'],
): ReadonlyMap<string, readonly string[]> | undefined {
  const endpoints = Object.entries(networking?.EndpointsConfig ?? {});
  if (endpoints.length > 1) {
    const names = endpoints.map(([name]) => name).join(', ');
    throw new Refusal(400, `Container cannot be connected to network endpoints: ${names}`);
  }
  if (endpoints.length === 0) return undefined;
  return new Map(endpoints.map(([name, endpoint]) => [name, endpoint?.Aliases ?? []]));
}
