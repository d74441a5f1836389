/** `run`: makes and starts a container without a call of the API, for tests and the demo. */
import type { Container, ContainerConfig, Healthcheck, HostPort, RestartPolicy } from './container.ts';
import type { Engine } from './engine.ts';

export interface RunOptions {
  readonly name: string;
  /** Made up if the engine does not have it. */
  readonly image?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Also how the process behaves: see `Process`. */
  readonly env?: readonly string[];
  /** `80/tcp` and the like; the image's if not given. */
  readonly exposed?: readonly string[];
  /** `true`: starting, until `containers.setHealth` or a probe every 30 s; or when it becomes healthy by itself. */
  readonly healthcheck?: boolean | { readonly healthyAfter: number; readonly interval?: number };
  readonly restart?: RestartPolicy['name'];
  readonly autoRemove?: boolean;
  readonly networkMode?: string;
  /** Container port (`80/tcp`) to ports of the host. */
  readonly portBindings?: Readonly<Record<string, readonly HostPort[]>>;
  readonly stopSignal?: string;
  /** Seconds. */
  readonly stopTimeout?: number;
}

/** @param portFor see `Loopback` */
export function createRun(
  { images, containers }: Engine,
  portFor: (port: number) => Promise<number>,
): (options: RunOptions) => Promise<Container> {
  return async (options) => {
    const imageName = options.image ?? 'web';
    const image =
      images.find(imageName) ?? images.add(imageName, options.exposed ? { exposed: options.exposed } : {});
    const exposed = await Promise.all(
      (options.exposed ?? image.exposed).map(async (port) => {
        const [number, protocol] = port.split('/');
        return protocol === 'tcp' ? `${await portFor(Number(number))}/tcp` : port;
      }),
    );
    const config: ContainerConfig = {
      image,
      imageName,
      labels: { ...image.labels, ...options.labels },
      env: [...(options.env ?? []), ...warmUp(options), ...image.env],
      cmd: image.cmd,
      entrypoint: [],
      exposed,
      networkMode: options.networkMode ?? 'default',
      restart: { name: options.restart ?? 'no', maximumRetryCount: 0 },
      autoRemove: options.autoRemove ?? false,
      healthcheck: healthcheckOf(options, image.healthcheck),
      portBindings: options.portBindings ?? {},
      publishAll: false,
      stopSignal: options.stopSignal ?? '',
      stopTimeout: options.stopTimeout ?? 10,
      tty: false,
      given: { config: {}, host: {} },
    };
    const container = containers.create(options.name, config);
    await containers.start(container);
    return container;
  };
}

const warmUp = ({ healthcheck }: RunOptions): string[] =>
  typeof healthcheck === 'object' ? [`SIMULATED_HEALTHY_AFTER=${healthcheck.healthyAfter}`] : [];

function healthcheckOf({ healthcheck }: RunOptions, ofImage: Healthcheck | null): Healthcheck | null {
  if (healthcheck === undefined) return ofImage;
  if (healthcheck === false) return null;
  const test = ['CMD', 'probe'];
  if (healthcheck === true) return { test, interval: 30_000, startPeriod: 0, retries: 3 };
  const { healthyAfter, interval = Math.max(20, healthyAfter / 4) } = healthcheck;
  return { test, interval, startPeriod: healthyAfter * 2, retries: 1 };
}
