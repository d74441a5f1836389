/** A simulated container: its configuration, its state, and the web server that it runs. */
import type { Backend } from './backend.ts';
import type { Image } from './images.ts';
import type { Network } from './networks.ts';

export interface ContainerConfig {
  readonly image: Image;
  /** As it was named by whoever created it. */
  readonly imageName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly env: readonly string[];
  readonly cmd: readonly string[];
  readonly exposed: readonly string[];
  readonly networkMode: string;
  readonly restart: 'no' | 'always' | 'unless-stopped' | 'on-failure';
  readonly autoRemove: boolean;
  readonly healthcheck: boolean;
  /** Container port (`80/tcp`) to a port of the host. */
  readonly portBindings: Readonly<Record<string, readonly { HostIp: string; HostPort: string }[]>>;
}

export interface Container {
  readonly id: string;
  name: string;
  readonly created: bigint;
  readonly config: ContainerConfig;
  status: 'created' | 'running' | 'paused' | 'exited';
  health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  startedAt: bigint | null;
  finishedAt: bigint | null;
  exitCode: number;
  oomKilled: boolean;
  restartCount: number;
  readonly networks: Map<string, Network>;
  /** While it runs; the same on all of its networks. */
  address: string;
  backends: Backend[];
  readonly output: string[];
}

/** TCP ports it listens on. */
export const portsOf = ({ config }: Container): number[] =>
  config.exposed.filter((port) => port.endsWith('/tcp')).map((port) => Number.parseInt(port, 10));

export const isRunning = (container: Container): boolean =>
  container.status === 'running' || container.status === 'paused';
