/** The simulator: an engine that answers on a socket, with everything that tests and the demo do to it. */
import type { Container } from './container.ts';
import { serveContainers } from './container-api.ts';
import { serveContainerStreams } from './container-streams-api.ts';
import type { Engine } from './engine.ts';
import { serveExec } from './exec-api.ts';
import { createFaults, type Faults } from './faults.ts';
import { createRouter, type Router } from './http.ts';
import { serveImages } from './image-api.ts';
import { interfere } from './interference.ts';
import { createListener } from './listener.ts';
import { claimLoopback, type Loopback, type LoopbackKind } from './loopback.ts';
import { serveNetworks } from './network-api.ts';
import { createNoise, type Noise } from './noise.ts';
import { createOutage, type Outage } from './outage.ts';
import { createParts, type Parts } from './parts.ts';
import { createRandom, type Random } from './random.ts';
import { createRun, type RunOptions } from './run.ts';
import { serveSystem } from './system-api.ts';
import { type Timings, usualTimings } from './timings.ts';

export interface SimulatorOptions {
  /** Path of the unix socket. */
  readonly socketPath: string;
  /** Listens on this port of 127.0.0.1, too; 0 for any free one. */
  readonly tcpPort?: number;
  /** The engine's id; a new one if not given. */
  readonly id?: string;
  /** Makes ids and names repeatable. */
  readonly seed?: string;
  readonly timings?: Partial<Timings>;
  /** How containers get their addresses and ports; found out if not given. See `Loopback`. */
  readonly loopback?: LoopbackKind;
}

export interface Simulator extends Engine, Outage, Noise {
  /** For `DOCKER_HOST`. */
  readonly host: string;
  readonly socketPath: string;
  /** The TCP port while it is up; null without one. */
  tcpPort(): number | null;
  readonly faults: Faults;
  /** Answers calls from here on. */
  start(): Promise<void>;
  /** Ends the daemon and all containers. */
  stop(): Promise<void>;
  /** Creates and starts a container; the simulator has to be started. */
  run(options: RunOptions): Promise<Container>;
}

export function createSimulator(options: SimulatorOptions): Simulator {
  const { socketPath, seed, tcpPort = null } = options;
  const random = createRandom(seed);
  const timings = { ...usualTimings, ...options.timings };
  const faults = createFaults();
  const id = options.id ?? `SIM:${random.hex(8).toUpperCase()}`;
  let up = false;
  let loopback: Loopback | null = null;
  const parts = createParts({ id, random, timings, faults, loopback: () => loopback, isUp: () => up });
  const { engine } = parts;

  async function portFor(port: number): Promise<number> {
    if (loopback === null) throw new Error('the simulator has not been started');
    return loopback.portFor(port);
  }
  const router = createRouter((method, path) => interfere(faults, method, path));
  serveAll(router, parts, { random, faults, portFor });
  const listener = createListener((req, res) => void router.handle(req, res), socketPath, tcpPort);
  const setUp = (value: boolean): void => {
    up = value;
  };
  const outage = createOutage({ ...parts, ...engine, listener, setUp });

  return {
    ...engine,
    ...outage,
    ...createNoise(parts.containerEvents),
    host: `unix://${socketPath}`,
    socketPath,
    tcpPort: listener.port,
    faults,
    async start() {
      loopback ??= await claimLoopback(createRandom(), options.loopback);
      setUp(true);
      await listener.open();
    },
    async stop() {
      engine.events.cutEvery(0);
      await outage.goDown({ liveRestore: false });
      await loopback?.release();
      loopback = null;
    },
    run: createRun(engine, portFor),
  };
}

function serveAll(
  router: Router,
  { engine, attachments, containerEvents }: Parts,
  deps: {
    readonly random: Random;
    readonly faults: Faults;
    readonly portFor: (port: number) => Promise<number>;
  },
): void {
  serveSystem(router, engine);
  serveContainers(router, engine, deps.portFor);
  serveContainerStreams(router, engine);
  serveExec(router, engine, containerEvents, deps.random);
  serveNetworks(router, engine, attachments);
  serveImages(router, engine, deps.faults);
}
