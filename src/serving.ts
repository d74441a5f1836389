/** What serves first: the log, the state that is folded from it, and the proxy, which listens before anything is recorded. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { probeApiPort } from './api/port-probe.ts';
import type { Config } from './config.ts';
import { foldInto, recover } from './control/recover.ts';
import { createServed, type Served } from './control/served.ts';
import { createTableEntries, type TableEntries } from './control/table-entries.ts';
import { createTrust, type TrustKeeper } from './control/trust.ts';
import type { Position } from './events/ids.ts';
import { inherit } from './inherit.ts';
import { makeDataFolder } from './log/data-folder.ts';
import { heartbeatOf, type LastLife, readHeartbeat } from './log/heartbeat.ts';
import { openLog } from './log/log.ts';
import type { Log, LogReader, UnreadableEvent } from './log/port.ts';
import { createLogReader } from './log/read.ts';
import { readBootId } from './observability/boot-id.ts';
import { readNamedSecret, readOrMakeSecret } from './observability/key-file.ts';
import type { Logger } from './observability/logger.ts';
import { defaultLimits } from './proxy/limits.ts';
import type { LastInterval } from './proxy/messages.ts';
import { createProxy, type Proxy as ProxyWorkers } from './proxy/pool.ts';
import { findPredecessor } from './proxy/take-over.ts';
import type { IntervalView } from './queries/port.ts';
import type { State } from './routing/state.ts';
import type { TableSnapshot, Trust } from './routing/table.ts';

export interface Serving {
  readonly log: Log;
  readonly read: <T>(question: (reader: LogReader) => T) => T;
  /** Folded from the log up to its head. */
  readonly state: State;
  /** Position of the snapshot that the fold began with. */
  readonly snapshot: Position;
  /** Events whose containers are not served. */
  readonly unreadable: readonly UnreadableEvent[];
  readonly entries: TableEntries;
  readonly tableOf: (state: State) => TableSnapshot;
  readonly proxy: ProxyWorkers;
  readonly served: Served;
  readonly trust: TrustKeeper;
  readonly addresses: readonly { readonly address: string; readonly port: number }[];
  /** Of the run before; null for the first one. */
  readonly heartbeat: LastLife | null;
  readonly bootId: string;
  readonly tookOver: boolean;
  readonly labelKey: string;
  readonly token: string;
}

/** What comes later, and is asked or told then. */
export interface ServingLater {
  /** When a host was served last, newest first, for its error page. */
  readonly history: (host: string) => Promise<readonly IntervalView[]>;
  readonly onTrust: (trust: Trust) => void;
}

export async function startServing(config: Config, logger: Logger, later: ServingLater): Promise<Serving> {
  const { dataDir } = config;
  makeDataFolder(dataDir);
  const predecessor = config.takeOver ? await findPredecessor(dataDir) : null;

  // The log: one writer, and the state folded from it. A predecessor writes it until it lets go; until then it is only read.
  const ownLog = predecessor === null ? await openLog({ dataDir, logger }) : null;
  const letGo = async (error: unknown): Promise<never> => {
    predecessor?.leave();
    await ownLog?.close();
    throw error;
  };
  // After the folder, which tells better that it is a Portolan that has the ports.
  if (predecessor?.apiPort !== config.apiPort)
    await probeApiPort(config.apiHost, config.apiPort).catch(letGo);
  const labelKey = readOrMakeSecret(join(dataDir, 'label.key'));
  const token = config.token ?? readToken(config);
  const read = <T>(question: (reader: LogReader) => T): T => withReader(dataDir, question);
  const { state, snapshot, unreadable } = await recover(dataDir, (reason) =>
    logger.warn({ reason }, 'the fold of the log takes longer: without its snapshot, or on one thread'),
  );

  // The proxy listens before anything is recorded: a taken port leaves no half start in the log.
  const bootId = readBootId();
  const noted = heartbeatOf(readHeartbeat(dataDir), state.position);
  // A log that was put back is older than what was vouched for; that of a predecessor goes on meanwhile.
  const isVouched = noted?.bootId === bootId && (noted.alive !== null || predecessor !== null);
  const sameBoot = isVouched || state.position === 0;
  const onTrust = (next: Trust): void => {
    proxy.setTrust(next);
    later.onTrust(next);
  };
  const trust = createTrust(sameBoot, onTrust, predecessor?.trust);
  const proxy = proxyOf(config, logger, later);
  const served = createServed((delta) => proxy.apply(delta));
  const entries = createTableEntries((error) => logger.error({ err: error }, 'unexpected failure'));
  const tableOf = (folded: State): TableSnapshot => ({
    position: folded.position,
    trust: trust.current(),
    hosts: entries.all(folded),
  });
  const shared = predecessor?.port === config.httpPort;
  const addresses = await proxy.start(served.table(tableOf(state)), shared).catch(letGo);
  const follow = (): void => {
    unreadable.push(...read((reader) => foldInto(state, reader)));
    proxy.replace(served.table(tableOf(state)));
  };
  const log = ownLog ?? (await inherit(predecessor!, { dataDir, logger, follow, trust }));
  if (shared) await proxy.claimInherited();
  for (const event of unreadable)
    logger.error(event, 'an event can no longer be read; its container is not served');
  const heartbeat = lastLifeOf(dataDir, log, logger);
  const tookOver = predecessor !== null;
  const folded = { log, read, state, snapshot, unreadable, entries, tableOf };
  const before = { heartbeat, bootId, tookOver };
  return { ...folded, proxy, served, trust, addresses, ...before, labelKey, token };
}

function lastLifeOf(dataDir: string, log: Log, logger: Logger): LastLife | null {
  const { position } = log.head();
  const noted = readHeartbeat(dataDir);
  const last = heartbeatOf(noted, position);
  if (last !== noted)
    logger.warn({ position, before: noted?.position }, 'the log is an older one: what came after it is lost');
  return last;
}

const proxyOf = (config: Config, logger: Logger, { history }: ServingLater): ProxyWorkers =>
  createProxy({
    settings: {
      hosts: config.httpHosts,
      port: config.httpPort,
      trustedProxies: config.trustedProxies,
      explain: config.explain,
      apiUrl: `http://localhost:${config.apiPort}/`,
      limits: { ...defaultLimits, ...config.limits },
      accessLog: config.accessLog,
    },
    workers: config.workers ?? availableParallelism(),
    drain: config.drain,
    lastIntervals: async (host) => (await history(host)).map(lastInterval),
    logger,
  });

/** As an error page tells it. */
const lastInterval = ({ from, to, targets, reason }: IntervalView): LastInterval => ({
  from,
  to,
  by: targets.map(({ name }) => name),
  reason,
});

const readToken = ({ tokenFile, dataDir }: Config): string =>
  tokenFile === null ? readOrMakeSecret(join(dataDir, 'token')) : readNamedSecret(tokenFile, '--token-file');

function withReader<T>(dataDir: string, question: (reader: LogReader) => T): T {
  const reader = createLogReader(dataDir);
  try {
    return question(reader);
  } finally {
    reader.close();
  }
}
