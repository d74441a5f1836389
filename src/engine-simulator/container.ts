/** A simulated container: its configuration, its state, and the process that it runs. */
import type { HealthRecord } from './health.ts';
import type { Image } from './images.ts';
import type { Lock } from './lock.ts';
import type { Network } from './networks.ts';
import type { Output } from './output.ts';
import type { Process } from './process.ts';
import type { PublishedPort } from './published-ports.ts';

export interface RestartPolicy {
  readonly name: 'no' | 'always' | 'unless-stopped' | 'on-failure';
  readonly maximumRetryCount: number;
}

export interface Healthcheck {
  /** As the API has it: `['CMD', …]` or `['CMD-SHELL', …]`. */
  readonly test: readonly string[];
  /** Milliseconds. */
  readonly interval: number;
  readonly startPeriod: number;
  readonly retries: number;
}

export interface HostPort {
  readonly HostIp: string;
  readonly HostPort: string;
}

export interface ContainerConfig {
  readonly image: Image;
  /** As it was named by whoever created it. */
  readonly imageName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly env: readonly string[];
  readonly cmd: readonly string[];
  readonly entrypoint: readonly string[];
  /** `80/tcp` and the like. */
  readonly exposed: readonly string[];
  readonly networkMode: string;
  readonly restart: RestartPolicy;
  readonly autoRemove: boolean;
  readonly healthcheck: Healthcheck | null;
  /** Container port (`80/tcp`) to ports of the host. */
  readonly portBindings: Readonly<Record<string, readonly HostPort[]>>;
  readonly publishAll: boolean;
  /** A name or number; empty for the usual one. */
  readonly stopSignal: string;
  /** Seconds. */
  readonly stopTimeout: number;
  readonly tty: boolean;
  /** What the API was given, for inspect to show again. */
  readonly given: {
    readonly config: Readonly<Record<string, unknown>>;
    readonly host: Readonly<Record<string, unknown>>;
  };
}

/** A container's place on a network. */
export interface Endpoint {
  readonly network: Network;
  readonly aliases: readonly string[];
  /** Both empty while the container does not run. */
  id: string;
  address: string;
}

export type Status = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited';

/** What changes while a container lives; the list shows a copy that may lag behind. */
export interface ContainerState {
  name: string;
  status: Status;
  /** null without a HEALTHCHECK, and before the first start. */
  probes: HealthRecord | null;
  startedAt: bigint | null;
  finishedAt: bigint | null;
  exitCode: number;
  error: string;
  oomKilled: boolean;
  restartCount: number;
  restart: RestartPolicy;
  /** By the network's name. */
  endpoints: ReadonlyMap<string, Endpoint>;
  published: readonly PublishedPort[];
}

export interface Container extends ContainerState {
  readonly id: string;
  readonly health: HealthRecord['status'] | 'none';
  /** While it runs: on the default bridge, else on its first network by name; empty if it has none of its own. */
  readonly address: string;
  readonly created: bigint;
  readonly config: ContainerConfig;
  readonly endpoints: Map<string, Endpoint>;
  process: Process | null;
  /** Somebody ended it on purpose: restart policies do not apply until it is started again. */
  manuallyStopped: boolean;
  /** What the list shows. */
  listed: ContainerState;
  readonly output: Output;
  readonly lock: Lock;
}

export const isRunning = ({ status }: { readonly status: Status }): boolean =>
  status === 'running' || status === 'paused';

/** Whether the container has a network namespace of its own. */
export const hasOwnNetwork = ({ networkMode }: ContainerConfig): boolean =>
  networkMode !== 'host' && !networkMode.startsWith('container:');

/** The value of an environment variable; null if it is not set. */
export function envOf({ env }: ContainerConfig, name: string): string | null {
  const found = env.findLast((entry) => entry.startsWith(`${name}=`));
  return found === undefined ? null : found.slice(name.length + 1);
}
