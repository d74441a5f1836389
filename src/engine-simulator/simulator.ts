/** The simulator: an engine that answers on a socket, with everything that tests and the demo do to it. */
import { randomBytes, randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { createAddresses } from './addresses.ts';
import { type Engine, serveApi } from './api.ts';
import { createClock } from './clock.ts';
import { type Container, isRunning } from './container.ts';
import { createContainers } from './containers.ts';
import { createEventStreams } from './event-streams.ts';
import { createFaults, type Faults, interfere } from './faults.ts';
import { createRouter } from './http.ts';
import { createImages } from './images.ts';
import { createJournal } from './journal.ts';
import { createNetworks } from './networks.ts';

export interface SimulatorOptions {
  /** Path of the unix socket. */
  readonly socketPath: string;
  /** The engine's id; a new one if not given. */
  readonly id?: string;
}

export interface RunOptions {
  readonly name: string;
  readonly image?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly env?: readonly string[];
  readonly exposed?: readonly string[];
  readonly healthcheck?: boolean;
  readonly restart?: 'no' | 'always' | 'unless-stopped' | 'on-failure';
  readonly autoRemove?: boolean;
  readonly networkMode?: string;
}

export interface Simulator extends Engine {
  /** For `DOCKER_HOST`. */
  readonly host: string;
  readonly faults: Faults;
  /** Answers calls from here on. */
  start(): Promise<void>;
  /** Ends the daemon and all containers. */
  stop(): Promise<void>;
  /** Creates and starts a container. */
  run(options: RunOptions): Promise<Container>;
  /** The daemon goes: its socket is closed, connections end. Without live-restore containers end with it, unheard. */
  goDown(options: { readonly liveRestore: boolean }): Promise<void>;
  /** It comes back with an empty memory of events, and starts what is to be restarted. */
  comeUp(): Promise<void>;
  /** Events that are noise to everybody: what health probes make. */
  emitNoise(container: Container, count: number): void;
}

export function createSimulator({ socketPath, id }: SimulatorOptions): Simulator {
  const clock = createClock();
  const journal = createJournal(clock);
  const networks = createNetworks();
  const addresses = createAddresses(String(randomInt(2, 255)));
  const images = createImages();
  const containers = createContainers({ clock, journal, networks, addresses });
  const faults = createFaults();
  const events = createEventStreams(journal, clock, faults);
  const engineId = id ?? `SIM:${randomBytes(8).toString('hex').toUpperCase()}`;
  const engine: Engine = { id: engineId, clock, journal, containers, images, networks, events };
  const router = createRouter((method, path, res) => interfere(faults, method, path, res));
  serveApi(router, engine);
  const sockets = new Set<Socket>();
  let server: Server | null = null;

  async function listen(): Promise<void> {
    rmSync(socketPath, { force: true });
    server = createServer((req, res) => void router.handle(req, res));
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server!.once('error', reject);
      server!.listen(socketPath, resolve);
    });
  }

  async function close(): Promise<void> {
    const closing = server;
    server = null;
    if (closing === null) return;
    const closed = new Promise<void>((resolve) => closing.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
    rmSync(socketPath, { force: true });
  }

  const running = (): Container[] => containers.list().filter(isRunning);

  return {
    ...engine,
    host: `unix://${socketPath}`,
    faults,
    start: listen,
    async stop() {
      await close();
      await Promise.all(running().map((container) => containers.dieSilently(container, 137)));
    },
    async run({ name, image = 'web', exposed = [], healthcheck, ...rest }) {
      const config = {
        image: images.find(image) ?? images.add(image, exposed.length > 0 ? { exposed } : {}),
        imageName: image,
        labels: rest.labels ?? {},
        env: rest.env ?? [],
        cmd: ['serve'],
        exposed: exposed.length > 0 ? exposed : (images.find(image)?.exposed ?? ['80/tcp']),
        networkMode: rest.networkMode ?? 'default',
        restart: rest.restart ?? 'no',
        autoRemove: rest.autoRemove ?? false,
        healthcheck: healthcheck ?? false,
        portBindings: {},
      };
      const container = containers.create(name, config);
      await containers.start(container);
      return container;
    },
    async goDown({ liveRestore }) {
      await close();
      if (liveRestore) return;
      await Promise.all(running().map((container) => containers.dieSilently(container, 137)));
    },
    async comeUp() {
      journal.forget();
      await listen();
      const wanted = containers
        .list()
        .filter(({ status, config }) => status === 'exited' && config.restart === 'always');
      for (const container of wanted) await containers.start(container);
    },
    emitNoise(container, count) {
      for (let index = 0; index < count; index++) {
        journal.emit('container', 'exec_die', container.id, { name: container.name, exitCode: '0' });
      }
    },
  };
}
