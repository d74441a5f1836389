/** The proxy as control sees it: workers that share a port, each kept current, each replaced when it dies. */
import { randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import type { Logger } from 'pino';
import { explainListen } from '../port-unavailable.ts';
import type { Arrival, TableDelta, TableSnapshot, Trust } from '../routing/table.ts';
import { type AccessLogWriter, startAccessLog } from './access-log-writer.ts';
import { createCounters, sumCounters } from './counters.ts';
import { affordable, descriptorLimit } from './limits.ts';
import { createMember, type ListenAddress, type Member } from './member.ts';
import type { LastInterval, ProxyCounters, ProxySettings, ToWorker } from './messages.ts';
import { createMirror } from './mirror.ts';
import { claimPort, inheritPort, type PortClaim } from './port-claim.ts';
import { createSharedSeats, type SharedSeats } from './seats.ts';
import { createTrafficFigures, type TrafficFigures } from './traffic.ts';

export interface Proxy {
  /**
   * @param inherited the port is another process's, which shares it with us and is to let go of it
   * @throws {PortUnavailable}
   */
  start(table: TableSnapshot, inherited?: boolean): Promise<readonly ListenAddress[]>;
  /** The port that was shared is ours alone now. */
  claimInherited(): Promise<void>;
  replace(table: TableSnapshot): void;
  apply(delta: TableDelta): void;
  setTrust(trust: Trust): void;
  /** A container may be reachable in a moment, or has arrived: a delta that opens its routes comes before that. */
  arriving(arrival: Arrival): void;
  /** Resolves when every worker knows what it was told before, and has no request under way to these targets or `patience` ms are over. */
  quiet(targets: readonly string[], patience: number): Promise<void>;
  counters(): ProxyCounters;
  /** What each route carries. */
  traffic: TrafficFigures['read'];
  workers(): number;
  /** Problems of the moment, each one line. */
  problems(): readonly string[];
  /** Lines of the access log that were lost. */
  accessLogLost(): number;
  /** The access log's name stands for another file from now on. */
  reopenAccessLog(): void;
  /** Stops listening, lets requests end for `grace` ms, then ends them; idle connections may be used for `idle` ms. */
  stop(grace: number, idle?: number): Promise<void>;
}

export interface ProxyOptions {
  readonly settings: Omit<ProxySettings, 'reusePort'>;
  readonly workers: number;
  /** Milliseconds that requests to a target that has left have to end. */
  readonly drain: number;
  /** The last ones of a host, for its error page; without it the page shows none. */
  readonly lastIntervals?: (host: string) => Promise<readonly LastInterval[]>;
  readonly logger: Logger;
}

/** Milliseconds before a worker that died is replaced; each death in a row doubles it, up to the second. */
const replaceAfter = 50;
const replaceAtMost = 30_000;
/** A worker that lived this long did not die of its start. */
const settled = 10_000;

export function createProxy(options: ProxyOptions): Proxy {
  const { logger, drain, lastIntervals = async () => [] } = options;
  const self = randomBytes(9).toString('base64url');
  const members = new Set<Member>();
  let seats: SharedSeats;
  /** Rows of them that no worker has. */
  let free: number[] = [];
  const mirror = createMirror();
  const traffic = createTrafficFigures(() => performance.now());
  let settings: ProxySettings;
  let claim: PortClaim | null = null;
  let accessLog: AccessLogWriter | null = null;
  /** Only then a worker that ends is replaced. */
  let running = false;
  let deaths = 0;
  let ended = createCounters().read(0);

  function launch(): Member {
    const born = Date.now();
    const log = accessLog?.connect() ?? null;
    // There are as many as workers at once: one that is replaced has given its own back.
    const row = free.pop()!;
    const data = { settings, table: mirror.read(), self, drain, seats, row, accessLog: log };
    const member = createMember(data, {
      onError: (error) => logger.error({ err: error }, 'a proxy worker has failed'),
      onTraffic: traffic.add,
      lastIntervals,
      onProblem: (problem) => {
        if (problem !== null) logger.warn(problem);
      },
      onExit() {
        // Its connections have ended with it.
        seats.rows[row]!.fill(0);
        free.push(row);
        onExit(member, born);
      },
    });
    members.add(member);
    return member;
  }

  function onExit(member: Member, born: number): void {
    members.delete(member);
    ended = sumCounters([ended, { ...member.counters(), open: 0 }]);
    if (!running) return;
    deaths = Date.now() - born > settled ? 0 : deaths + 1;
    const delay = Math.min(replaceAfter * 2 ** Math.max(0, deaths - 1), replaceAtMost);
    logger.error({ delay }, 'a proxy worker has ended and is replaced');
    setTimeout(() => {
      if (running) launch();
    }, delay);
  }

  async function startWorkers(count: number): Promise<readonly ListenAddress[]> {
    seats = createSharedSeats(settings.limits, count);
    free = Array.from({ length: count }, (_, row) => row);
    const started = Array.from({ length: count }, launch);
    const addresses = await Promise.all(started.map((member) => member.listening));
    return addresses[0]!;
  }

  async function endWorkers(deadline: number): Promise<void> {
    await Promise.all([...members].map((member) => member.ended(deadline)));
  }

  async function release(): Promise<void> {
    await accessLog?.close();
    accessLog = null;
    await claim?.release();
    claim = null;
  }

  /** Shared where the system can; else one worker has the port for itself. */
  async function startSharing(hosts: readonly string[], port: number): Promise<readonly ListenAddress[]> {
    const limits = affordable(options.settings.limits, descriptorLimit());
    const settingsFor = (reusePort: boolean): ProxySettings => ({
      ...options.settings,
      hosts,
      port,
      reusePort,
      limits,
    });
    if (canSharePorts) {
      settings = settingsFor(true);
      try {
        return await startWorkers(options.workers);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOTSUP') throw error;
        await endWorkers(0);
        logger.warn('this system cannot share a port: one proxy worker instead of several');
      }
    }
    settings = settingsFor(false);
    return startWorkers(1);
  }

  const tell = (message: ToWorker): void => {
    for (const member of members) member.send(message);
  };

  return {
    async start(snapshot, inherited = false) {
      mirror.replace(snapshot);
      const hosts = options.settings.hosts.filter((host) => !host.includes(':') || hasIpv6(host));
      claim = inherited ? null : await claimPort(hosts, options.settings.port);
      try {
        if (options.settings.accessLog !== null)
          accessLog = startAccessLog(options.settings.accessLog, logger);
        const addresses = await startSharing(hosts, claim?.port ?? options.settings.port);
        running = true;
        return addresses;
      } catch (error) {
        await endWorkers(0);
        await release();
        throw explainListen(error as NodeJS.ErrnoException, 'http', `port ${options.settings.port}`);
      }
    },
    async claimInherited() {
      claim ??= await inheritPort(settings.port);
    },
    replace(snapshot) {
      mirror.replace(snapshot);
      tell({ kind: 'table', table: snapshot });
    },
    apply(delta) {
      mirror.apply(delta);
      tell({ kind: 'delta', delta });
    },
    setTrust(trust) {
      mirror.setTrust(trust);
      tell({ kind: 'trust', trust });
    },
    // Of no use to a worker that is launched meanwhile: most are over before it listens.
    arriving: (arrival) => tell({ kind: 'arrival', arrival }),
    async quiet(targets, patience) {
      await Promise.all([...members].map((member) => member.quiet(targets, patience)));
    },
    counters: () => sumCounters([ended, ...[...members].map((member) => member.counters())]),
    traffic: traffic.read,
    workers: () => members.size,
    problems: () => [
      ...new Set(
        [accessLog?.problem() ?? null, ...[...members].map((member) => member.problem())].filter(
          (problem) => problem !== null,
        ),
      ),
    ],
    accessLogLost: () => accessLog?.lost() ?? 0,
    reopenAccessLog: () => accessLog?.reopen(),
    async stop(grace, idle = 0) {
      running = false;
      tell({ kind: 'drain', grace, idle });
      // Whoever wants the port has to find it free of listeners anyhow.
      await claim?.release();
      claim = null;
      await endWorkers(grace + 1_000);
      await release();
    },
  };
}

/** Only Linux spreads connections evenly over sockets that share a port. */
const canSharePorts = process.platform === 'linux';

/** Whether the machine has this IPv6 address at all. */
function hasIpv6(host: string): boolean {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.some(({ family, address }) => family === 'IPv6' && (host === '::' || address === host));
}
