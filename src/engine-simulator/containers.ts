/** The life of containers: what each call does, and which events it makes, in the order of moby 20.10. */
import { randomBytes } from 'node:crypto';
import type { Addresses } from './addresses.ts';
import { type Backend, startBackend } from './backend.ts';
import { type Clock, instant } from './clock.ts';
import { type Container, type ContainerConfig, isRunning, portsOf } from './container.ts';
import { Refusal } from './http.ts';
import type { Journal } from './journal.ts';
import type { Network, Networks } from './networks.ts';

export interface Containers {
  list(): readonly Container[];
  /** By name, id or unique prefix of one. @throws {Refusal} 404 */
  get(key: string): Container;
  create(name: string | null, config: ContainerConfig): Container;
  /** @returns whether anything changed */
  start(container: Container): Promise<boolean>;
  stop(container: Container): Promise<boolean>;
  restart(container: Container): Promise<void>;
  kill(container: Container, signal: string): Promise<void>;
  pause(container: Container): void;
  unpause(container: Container): void;
  rename(container: Container, name: string): void;
  remove(container: Container, force: boolean): Promise<void>;
  connect(container: Container, network: Network): void;
  disconnect(container: Container, network: Network): void;
  /** The process ends by itself; restart policy and `--rm` follow. */
  exit(container: Container, code: number, how?: { readonly oom?: boolean }): Promise<void>;
  setHealth(container: Container, health: 'starting' | 'healthy' | 'unhealthy'): void;
  /** Ends processes without a word to anybody: the daemon is away. */
  dieSilently(container: Container, code: number): Promise<void>;
}

/** Signals that end the simulated process; others only make an event. */
const deadly = new Set(['9', '15', '2', '3', '6', '1', 'KILL', 'TERM', 'INT', 'QUIT', 'ABRT', 'HUP']);
const numbers: Readonly<Record<string, string>> = {
  KILL: '9',
  TERM: '15',
  INT: '2',
  QUIT: '3',
  HUP: '1',
  WINCH: '28',
  USR1: '10',
};

export function createContainers(deps: {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly networks: Networks;
  readonly addresses: Addresses;
}): Containers {
  const { clock, journal, networks, addresses } = deps;
  const containers = new Map<string, Container>();

  /** Labels overwrite what the engine says, except image and name (daemon/events.go). */
  function emit(
    container: Container,
    action: string,
    attributes: Readonly<Record<string, string>> = {},
  ): void {
    const { labels, imageName } = container.config;
    journal.emit('container', action, container.id, {
      ...attributes,
      ...labels,
      image: imageName,
      name: container.name,
    });
  }

  function emitNetwork(action: 'connect' | 'disconnect', network: Network, container: Container): void {
    journal.emit('network', action, network.id, {
      container: container.id,
      name: network.name,
      type: network.driver,
    });
  }

  async function up(container: Container): Promise<void> {
    const namespace = container.config.networkMode;
    if (namespace !== 'host' && namespace !== 'none' && !namespace.startsWith('container:')) {
      container.address = addresses.take();
    }
    container.startedAt = clock.now();
    container.finishedAt = null;
    container.exitCode = 0;
    container.oomKilled = false;
    const identity = {
      id: container.id,
      name: () => container.name,
      startedAt: instant(container.startedAt),
    };
    for (const network of container.networks.values()) emitNetwork('connect', network, container);
    if (container.address !== '') {
      container.backends = await Promise.all(
        portsOf(container).map((port) => startBackend(container.address, port, identity)),
      );
    }
    container.status = 'running';
    container.health = container.config.healthcheck ? 'starting' : 'none';
    container.output.push(`started as ${container.name}`);
    emit(container, 'start');
  }

  async function end(container: Container, code: number): Promise<void> {
    const backends: readonly Backend[] = container.backends;
    container.backends = [];
    await Promise.all(backends.map((backend) => backend.stop()));
    if (container.address !== '') addresses.release(container.address);
    container.address = '';
    container.status = 'exited';
    container.health = container.config.healthcheck ? 'unhealthy' : 'none';
    container.exitCode = code;
    container.finishedAt = clock.now();
    container.output.push(`ended with ${code}`);
  }

  async function down(container: Container, code: number): Promise<void> {
    await end(container, code);
    emit(container, 'die', { exitCode: String(code) });
    for (const network of container.networks.values()) emitNetwork('disconnect', network, container);
  }

  async function forget(container: Container): Promise<void> {
    containers.delete(container.id);
    emit(container, 'destroy');
  }

  const all: Containers = {
    list: () => [...containers.values()],
    get(key) {
      const name = key.replace(/^\//, '');
      const exact =
        containers.get(name) ?? [...containers.values()].find((container) => container.name === name);
      const prefixed = exact
        ? [exact]
        : [...containers.values()].filter(({ id }) => name.length >= 4 && id.startsWith(name));
      if (prefixed.length === 1) return prefixed[0]!;
      throw new Refusal(404, `No such container: ${name}`);
    },
    create(wanted, config) {
      const name = wanted ?? `sim_${randomBytes(4).toString('hex')}`;
      const holder = [...containers.values()].find((container) => container.name === name);
      if (holder !== undefined) {
        throw new Refusal(
          409,
          `Conflict. The container name "/${name}" is already in use by container "${holder.id}".`,
        );
      }
      const container = make(randomBytes(32).toString('hex'), name, clock.now(), config);
      const network = networks.find(config.networkMode);
      if (network !== null) container.networks.set(network.name, network);
      else if (!config.networkMode.startsWith('container:')) {
        throw new Refusal(404, `network ${config.networkMode} not found`);
      }
      containers.set(container.id, container);
      emit(container, 'create');
      return container;
    },
    async start(container) {
      if (isRunning(container)) return false;
      await up(container);
      return true;
    },
    async stop(container) {
      if (!isRunning(container)) return false;
      emit(container, 'kill', { signal: '15' });
      await down(container, 0);
      emit(container, 'stop');
      if (container.config.autoRemove) await forget(container);
      return true;
    },
    async restart(container) {
      if (await all.stop(container)) {
        await up(container);
        emit(container, 'restart');
      } else await up(container);
    },
    async kill(container, signal) {
      if (!isRunning(container))
        throw new Refusal(409, `Cannot kill container: ${container.id}: is not running`);
      const name = signal.replace(/^SIG/, '').toUpperCase();
      emit(container, 'kill', { signal: numbers[name] ?? name });
      if (!deadly.has(name)) return;
      await down(container, 128 + Number(numbers[name] ?? name));
      if (container.config.autoRemove) await forget(container);
    },
    pause(container) {
      if (container.status !== 'running') throw new Refusal(409, `Container ${container.id} is not running`);
      container.status = 'paused';
      for (const backend of container.backends) backend.pause();
      emit(container, 'pause');
    },
    unpause(container) {
      if (container.status !== 'paused') throw new Refusal(409, `Container ${container.id} is not paused`);
      container.status = 'running';
      for (const backend of container.backends) backend.unpause();
      emit(container, 'unpause');
    },
    rename(container, name) {
      if ([...containers.values()].some((other) => other.name === name)) {
        throw new Refusal(409, `Conflict. The container name "/${name}" is already in use`);
      }
      const oldName = container.name;
      container.name = name;
      emit(container, 'rename', { oldName: `/${oldName}` });
    },
    async remove(container, force) {
      if (isRunning(container)) {
        if (!force)
          throw new Refusal(
            409,
            `You cannot remove a running container ${container.id}. Stop the container before attempting removal or force remove`,
          );
        emit(container, 'kill', { signal: '9' });
        await down(container, 137);
      }
      await forget(container);
    },
    connect(container, network) {
      if (container.networks.has(network.name))
        throw new Refusal(403, `endpoint already exists in network ${network.name}`);
      container.networks.set(network.name, network);
      if (isRunning(container)) emitNetwork('connect', network, container);
    },
    disconnect(container, network) {
      if (!container.networks.delete(network.name))
        throw new Refusal(500, `container is not connected to ${network.name}`);
      if (!isRunning(container)) return;
      // Twice, as 20.10 does: once from the network's side and once from the daemon's.
      emitNetwork('disconnect', network, container);
      emitNetwork('disconnect', network, container);
    },
    async exit(container, code, { oom = false } = {}) {
      if (!isRunning(container)) return;
      if (oom) emit(container, 'oom');
      await down(container, code);
      container.oomKilled = oom;
      const { restart, autoRemove } = container.config;
      if (restart !== 'no' && !(restart === 'on-failure' && code === 0)) {
        container.restartCount += 1;
        await up(container);
      } else if (autoRemove) await forget(container);
    },
    setHealth(container, health) {
      for (const action of ['exec_create: probe', 'exec_start: probe', 'exec_die']) emit(container, action);
      if (container.health === health) return;
      container.health = health;
      if (health !== 'starting') emit(container, `health_status: ${health}`);
    },
    dieSilently: (container, code) => end(container, code),
  };
  return all;
}

const make = (id: string, name: string, created: bigint, config: ContainerConfig): Container => ({
  id,
  name,
  created,
  config,
  status: 'created',
  health: config.healthcheck ? 'starting' : 'none',
  startedAt: null,
  finishedAt: null,
  exitCode: 0,
  oomKilled: false,
  restartCount: 0,
  networks: new Map(),
  address: '',
  backends: [],
  output: [],
});
