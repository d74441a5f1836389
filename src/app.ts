/** The composition root: what Portolan is made of, in the order in which it starts. */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { probeApiPort } from './api/port-probe.ts';
import { createSessions } from './api/session.ts';
import { createToken } from './api/token.ts';
import type { Config } from './config.ts';
import { createCommands, settleOpenCommands } from './control/commands.ts';
import { createJobs } from './control/jobs.ts';
import { createLeaving } from './control/leaving.ts';
import { createLive } from './control/live.ts';
import { createLoop, type Loop } from './control/loop.ts';
import { journal } from './control/notes.ts';
import { createOutage } from './control/outage.ts';
import { policyOf } from './control/policy.ts';
import { foldInto, recover } from './control/recover.ts';
import { createRefusalCounter } from './control/refusals.ts';
import { createServed } from './control/served.ts';
import { createSink } from './control/sink.ts';
import { createSnapshots } from './control/snapshots.ts';
import { createEngineStatus, createStatus } from './control/status.ts';
import { createTrust } from './control/trust.ts';
import { createWarnings } from './control/warnings.ts';
import { createDocker } from './docker/docker.ts';
import type { LastSeen } from './docker/engine.ts';
import type { Policy, Reach } from './events/decisions.ts';
import { uniqueKey } from './events/keys.ts';
import { openExport } from './log/export-stream.ts';
import { type Heartbeat, readHeartbeat, startHeartbeat } from './log/heartbeat.ts';
import { openLog } from './log/log.ts';
import type { LogReader } from './log/port.ts';
import { createLogReader } from './log/read.ts';
import { readBootId } from './observability/boot-id.ts';
import { readOrMakeSecret } from './observability/key-file.ts';
import type { Logger } from './observability/logger.ts';
import { createMetrics } from './observability/metrics.ts';
import { startProjections } from './projections/runner.ts';
import { defaultLimits } from './proxy/limits.ts';
import { createProxy } from './proxy/pool.ts';
import { createQueries } from './queries/client.ts';
import { entriesOf } from './routing/entries.ts';
import type { State } from './routing/state.ts';
import { createTable, type TableSnapshot } from './routing/table.ts';

export interface AppOptions {
  readonly version: string;
  readonly logger: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The simulator's way to reach containers, instead of one found out from the engine. */
  readonly reach?: Reach | undefined;
}

export interface App {
  /** Where the proxy listens. */
  readonly addresses: readonly { readonly address: string; readonly port: number }[];
  readonly api: { readonly url: string; readonly signInUrl: string };
  /** The access log was moved away: a new file is begun. */
  reopenAccessLog(): void;
  /** Drains, records the stop and closes everything. */
  stop(reason: string): Promise<void>;
}

export async function startApp(config: Config, options: AppOptions): Promise<App> {
  const { logger, version } = options;
  const now = (): number => Date.now();
  const onError = (error: unknown): void => logger.error({ err: error }, 'unexpected failure');
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });

  await probeApiPort(config.apiHost, config.apiPort);

  // The log: one writer, and the state folded from it.
  const log = await openLog({ dataDir: config.dataDir, logger });
  const read = <T>(question: (reader: LogReader) => T): T => withReader(config.dataDir, question);
  const { state, snapshot, unreadable } = read(recover);
  for (const event of unreadable)
    logger.error(event, 'an event can no longer be read; its container is not served');

  // The proxy listens before anything is recorded: a taken port leaves no half start in the log.
  const heartbeat = readHeartbeat(config.dataDir);
  const bootId = readBootId();
  const trust = createTrust(heartbeat?.bootId === bootId || state.position === 0, (next) =>
    proxy.setTrust(next),
  );
  const proxy = createProxy({
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
    logger,
  });
  const served = createServed((delta) => proxy.apply(delta));
  const tableOf = (folded: State): TableSnapshot => ({
    position: folded.position,
    trust: trust.current(),
    hosts: entriesOf(folded),
  });
  const addresses = await proxy.start(served.table(tableOf(state))).catch(async (error: unknown) => {
    await log.close();
    throw error;
  });

  // The loop, and what watches over it.
  const outage = createOutage({ loop: () => loop, now, onOver: () => docker.watcher.reconcile(), onError });
  const snapshots = createSnapshots({ log, loop: () => loop, now, onError }, snapshot);
  const warnings = createWarnings(
    () => loop.state(),
    (warning) => logger.warn(warning),
  );
  const loop: Loop = createLoop({
    log,
    state,
    now,
    applyDelta: (delta) => proxy.apply(served.delta(delta)),
    catchUp: (behind) => read((reader) => foldInto(behind, reader)),
    onCommit(events, head) {
      snapshots.committed(head);
      warnings.committed(events);
    },
    onUnwritable(error) {
      logger.error({ code: error.code, hint: error.hint }, error.message);
      outage.begin(error);
    },
    onError,
  });
  const leaving = createLeaving({ state: loop.state, served, quiet: proxy.quiet, drain: config.drain });
  const lastAlive = heartbeat?.alive ?? null;
  loop.submit(journal('PortolanStarted', { version, bootId, lastAlive }, null, now()));
  settleOpenCommands(loop, now());
  const ownPorts = [...addresses.map(({ port }) => port), config.apiPort].filter((port) => port > 0);
  const applyPolicy = (reach: Reach, ownContainer: Policy['ownContainer']): Policy =>
    policyOf(config, ownPorts, { reach: options.reach ?? reach, ownContainer });
  if (state.policy !== null) {
    const policy = applyPolicy(state.policy.reach, state.policy.ownContainer);
    loop.submit({ kind: 'policy', policy, id: uniqueKey() });
  }

  // The engine: signals and observations in, commands out.
  const labelKey = readOrMakeSecret(join(config.dataDir, 'label.key'));
  const docker = createDocker({
    host: config.dockerHost,
    env: options.env,
    labelKey,
    reach: config.reach,
    logger,
  });
  const engine = createEngineStatus(now, now());
  let drifts = 0;
  const sink = createSink({
    loop,
    now,
    lastAlive,
    onError,
    policyAt: (placement) => applyPolicy(placement.reach, placement.ownContainer),
    onConnected(info) {
      engine.connected(info);
      logger.info({ engine: info.name, version: info.version }, 'connected to the engine');
    },
    onLost(reason) {
      engine.lost(reason);
      trust.engineAway();
      logger.warn({ reason }, 'the engine is away; the last known routes are served as unconfirmed');
    },
    onCaughtUp() {
      proxy.replace(served.table(tableOf(loop.state())));
      trust.confirmed();
    },
    onSignalled: leaving.signalled,
    onDrift(count) {
      drifts += count;
      logger.warn({ count }, 'a periodic list repaired what no signal told');
    },
  });
  docker.watcher.start(sink, resumeFrom(heartbeat, state));
  docker.watcher.firstAttempt
    .then((reached) => {
      if (!reached) trust.engineAway();
    })
    .catch(onError);

  // Signs of life, outside of the log.
  const pulse = startHeartbeat(config.dataDir, () => ({
    lastSeen: docker.watcher.lastSeen(),
    bootId: trust.vouched() ? bootId : (heartbeat?.bootId ?? null),
  }));

  // What people ask and command: loaded after the proxy serves.
  const projections = startProjections(config.dataDir, logger);
  const unsubscribe = log.subscribe(() => projections.notify());
  const status = createStatus({
    engine: engine.read,
    log,
    writable: loop.writable,
    outage,
    trust,
    drifts: () => drifts,
    unreadable,
    others: () => [...proxy.problems(), ...warnings.list()],
  });
  const queries = createQueries(
    config.dataDir,
    createLive(loop, trust, projections, () => log.head().position),
    logger,
  );
  const refusals = createRefusalCounter(
    (data) => loop.submit(journal('CommandRefused', data, null, now())),
    now,
  );
  const execute = createCommands({
    loop,
    engine: docker.commands,
    leaving,
    connected: () => engine.read().connected,
    absence: () => `the Docker engine is away (${engine.read().reason})`,
    read,
    newId: randomUUID,
    now,
  });
  const jobs = createJobs({
    dataDir: config.dataDir,
    head: () => log.head().position,
    adopt: projections.adopt,
    newId: randomUUID,
    now,
  });
  const { startApi } = await import('./api/server.ts');
  const sessions = createSessions(now);
  const secret = config.token ?? readOrMakeSecret(config.tokenFile ?? join(config.dataDir, 'token'));
  const openRoutes = (): number =>
    [...loop.state().routes.values()].filter((route) => route.targets.length > 0).length;
  const api = await startApi(
    { host: config.apiHost, port: config.apiPort, names: apiNames(config) },
    {
      commands: { execute, refused: (reason) => refusals.count(reason) },
      status,
      queries,
      engine: docker.reader,
      table: () => {
        const whole = tableOf(loop.state());
        return createTable({ ...whole, hosts: whole.hosts.map(served.less) });
      },
      jobs,
      exportLog: (signal) => addAbortSignal(signal, openExport(config.dataDir)),
      workers: proxy.workers,
      traffic: proxy.traffic,
      listening: () => proxy.workers() > 0,
      metrics: createMetrics({
        engineConnected: () => engine.read().connected,
        logPosition: () => log.head().position,
        logWritable: loop.writable,
        openRoutes,
        drifts: () => drifts,
        workers: proxy.workers,
        projections: projections.progress,
        proxy: proxy.counters,
        accessLogLost: proxy.accessLogLost,
      }),
      token: createToken(secret),
      sessions,
      version,
      startedAt: new Date(),
      logger,
    },
  );
  const url = `http://${api.address.includes(':') ? `[${api.address}]` : api.address}:${api.port}`;

  return {
    addresses,
    api: { url, signInUrl: `${url}/sign-in?code=${sessions.offer()}` },
    reopenAccessLog: proxy.reopenAccessLog,
    async stop(reason) {
      const drained = proxy.stop(config.drain);
      await api.stop();
      await jobs.stop();
      await docker.stop();
      refusals.stop();
      loop.submit(journal('PortolanStopped', { reason }, null, now()));
      await loop.settled();
      await snapshots.take(100);
      loop.stop();
      outage.stop();
      unsubscribe();
      await Promise.all([drained, projections.stop(), queries.stop()]);
      pulse.stop();
      await log.close();
    },
  };
}

/** Under which the API may be called: its address, and the names of loopback. */
const apiNames = ({ apiHost }: Config): string[] => [
  'localhost',
  '127.0.0.1',
  '[::1]',
  apiHost.includes(':') ? `[${apiHost}]` : apiHost,
];

/** The last thing known of the engine's history: the heartbeat knows noise, too, but may lag behind the log. */
function resumeFrom(heartbeat: Heartbeat | null, { lastSignal }: State): LastSeen | null {
  const seen = heartbeat?.lastSeen ?? null;
  if (lastSignal === null) return seen;
  const signal = { engine: lastSignal.engine, timeNano: BigInt(lastSignal.timeNano) };
  return seen !== null && seen.engine === signal.engine && seen.timeNano > signal.timeNano ? seen : signal;
}

function withReader<T>(dataDir: string, question: (reader: LogReader) => T): T {
  const reader = createLogReader(dataDir);
  try {
    return question(reader);
  } finally {
    reader.close();
  }
}
