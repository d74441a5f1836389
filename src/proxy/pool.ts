/** The proxy as control sees it: workers that share a port, each kept current, each replaced when it dies. */
import { randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { HostEntry, TableDelta, TableSnapshot, Trust } from '../routing/table.ts';
import { createCounters, sumCounters } from './counters.ts';
import type { FromWorker, ProxyCounters, ProxySettings, ToWorker } from './messages.ts';
import { claimPort, type PortClaim } from './port-claim.ts';
import type { WorkerData } from './worker.ts';

export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

export interface Proxy {
  /** @throws {PortUnavailable} */
  start(table: TableSnapshot): Promise<readonly ListenAddress[]>;
  replace(table: TableSnapshot): void;
  apply(delta: TableDelta): void;
  setTrust(trust: Trust): void;
  counters(): ProxyCounters;
  workers(): number;
  /** Stops listening, lets requests end for `grace` ms, then ends them. */
  stop(grace: number): Promise<void>;
}

export interface ProxyOptions {
  readonly settings: Omit<ProxySettings, 'reusePort'>;
  readonly workers: number;
  /** Milliseconds that requests to a target that has left have to end. */
  readonly drain: number;
  readonly logger: Logger;
}

/** Milliseconds before a worker that died is replaced; a second death in a row waits longer. */
const replaceAfter = 100;

export function createProxy(options: ProxyOptions): Proxy {
  const { logger, drain } = options;
  const self = randomBytes(9).toString('base64url');
  // Only Linux and FreeBSD spread connections over sockets that share a port.
  const shared = process.platform === 'linux';
  const workers = new Set<Member>();
  const table = createMirror();
  let settings: ProxySettings;
  let claim: PortClaim | null = null;
  let stopping = false;
  let ended = createCounters().read(0);

  function launch(): Promise<readonly ListenAddress[]> {
    const data: WorkerData = { settings, table: table.read(), self, drain };
    const member = createMember(data, logger, (counters) => {
      workers.delete(member);
      ended = sumCounters([ended, { ...counters, open: 0 }]);
      if (stopping) return;
      logger.error('a proxy worker has died and is replaced');
      setTimeout(() => {
        if (!stopping)
          launch().catch((error) => logger.error({ err: error }, 'a proxy worker could not be replaced'));
      }, replaceAfter);
    });
    workers.add(member);
    return member.listening;
  }

  const tell = (message: ToWorker): void => {
    for (const worker of workers) worker.send(message);
  };

  return {
    async start(snapshot) {
      table.replace(snapshot);
      const hosts = options.settings.hosts.filter((host) => !host.includes(':') || hasIpv6(host));
      claim = await claimPort(hosts, options.settings.port);
      settings = { ...options.settings, hosts, port: claim.port, reusePort: shared };
      const count = shared ? options.workers : 1;
      const addresses = await Promise.all(Array.from({ length: count }, launch));
      return addresses[0]!;
    },
    replace(snapshot) {
      table.replace(snapshot);
      tell({ kind: 'table', table: snapshot });
    },
    apply(delta) {
      table.apply(delta);
      tell({ kind: 'delta', delta });
    },
    setTrust(trust) {
      table.setTrust(trust);
      tell({ kind: 'trust', trust });
    },
    counters: () => sumCounters([ended, ...[...workers].map((worker) => worker.counters())]),
    workers: () => workers.size,
    async stop(grace) {
      stopping = true;
      tell({ kind: 'drain', grace });
      await Promise.all([...workers].map((worker) => worker.ended(grace + 1_000)));
      await claim?.release();
    },
  };
}

/** The current table, for workers that start later. */
function createMirror() {
  const hosts = new Map<string, HostEntry>();
  let head: Pick<TableSnapshot, 'position' | 'trust'>;
  return {
    read: (): TableSnapshot => ({ ...head, hosts: [...hosts.values()] }),
    replace(snapshot: TableSnapshot): void {
      hosts.clear();
      for (const entry of snapshot.hosts) hosts.set(entry.host, entry);
      head = { position: snapshot.position, trust: snapshot.trust };
    },
    apply(delta: TableDelta): void {
      for (const entry of delta.hosts) hosts.set(entry.host, entry);
      head = { ...head, position: delta.position };
    },
    setTrust(trust: Trust): void {
      head = { ...head, trust };
    },
  };
}

interface Member {
  readonly listening: Promise<readonly ListenAddress[]>;
  send(message: ToWorker): void;
  counters(): ProxyCounters;
  /** Resolves when the thread has ended, which it is made to after `deadline` ms. */
  ended(deadline: number): Promise<void>;
}

function createMember(data: WorkerData, logger: Logger, onExit: (counters: ProxyCounters) => void): Member {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: data,
    resourceLimits: { maxYoungGenerationSizeMb: 16 },
  });
  const listening = Promise.withResolvers<readonly ListenAddress[]>();
  const exit = Promise.withResolvers<void>();
  let counters = createCounters().read(0);
  worker.on('message', (message: FromWorker) => {
    switch (message.kind) {
      case 'listening':
        listening.resolve(message.addresses);
        return;
      case 'failed':
        listening.reject(Object.assign(new Error(message.message), { code: message.code }));
        return;
      case 'counters':
        counters = message.counters;
        return;
      case 'drained':
        return;
      default:
        message satisfies never;
    }
  });
  worker.on('error', (error) => {
    logger.error({ err: error }, 'a proxy worker has failed');
    listening.reject(error);
  });
  worker.on('exit', () => {
    listening.reject(new Error('the proxy worker ended before it listened'));
    exit.resolve();
    onExit(counters);
  });
  return {
    listening: listening.promise,
    send: (message) => worker.postMessage(message),
    counters: () => counters,
    async ended(deadline) {
      const timer = setTimeout(() => void worker.terminate(), deadline);
      await exit.promise;
      clearTimeout(timer);
    },
  };
}

/** Whether the machine has this IPv6 address at all. */
function hasIpv6(host: string): boolean {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.some(({ family, address }) => family === 'IPv6' && (host === '::' || address === host));
}
