/** The composition root: what Portolan is made of, in the order in which it starts. */
import { randomUUID } from 'node:crypto';
import { addAbortSignal } from 'node:stream';
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
import { foldInto } from './control/recover.ts';
import { createRefusalCounter } from './control/refusals.ts';
import { resumeFrom } from './control/resume.ts';
import { createSink } from './control/sink.ts';
import { createSnapshots } from './control/snapshots.ts';
import { createEngineStatus, createStatus } from './control/status.ts';
import { createWarnings } from './control/warnings.ts';
import { createDocker } from './docker/docker.ts';
import type { Policy, Reach } from './events/decisions.ts';
import type { DataOf } from './events/event.ts';
import { uniqueKey } from './events/keys.ts';
import { openExport } from './log/export-stream.ts';
import { startHeartbeat } from './log/heartbeat.ts';
import type { Logger } from './observability/logger.ts';
import { createMetrics } from './observability/metrics.ts';
import { startProjections } from './projections/runner.ts';
import { type HandOver, offerHandOver } from './proxy/hand-over.ts';
import { createQueries } from './queries/client.ts';
import { createTable } from './routing/table.ts';
import { startServing } from './serving.ts';

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
  /** Resolves when a successor has taken over and all that ran here has ended. */
  readonly handedOver: Promise<void>;
  /** The access log was moved away: a new file is begun. */
  reopenAccessLog(): void;
  /** Drains, records the stop and closes everything. */
  stop(reason: string): Promise<void>;
}

export async function startApp(config: Config, options: AppOptions): Promise<App> {
  const { logger, version } = options;
  const now = (): number => Date.now();
  const onError = (error: unknown): void => logger.error({ err: error }, 'unexpected failure');

  // The log, the state folded from it, and the proxy: it serves from here on.
  let handOver: HandOver | null = null;
  const serving = await startServing(config, logger, {
    history: async (host) => (await queries.history(host, { limit: 3 })).parse().items,
    onTrust: (next) => handOver?.trust(next),
  });
  const { log, read, state, tableOf, proxy, served, trust, addresses, heartbeat, bootId } = serving;

  // The loop, and what watches over it.
  const outage = createOutage({ loop: () => loop, now, onOver: () => docker.watcher.reconcile(), onError });
  const snapshots = createSnapshots({ log, loop: () => loop, now, onError }, serving.snapshot);
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
      if (outage.begin(error)) logger.error({ code: error.code, hint: error.hint }, error.message);
    },
    onError,
  });
  const leaving = createLeaving({ state: loop.state, served, quiet: proxy.quiet, drain: config.drain });
  const lastAlive = heartbeat?.alive ?? null;
  const took = serving.tookOver ? { tookOver: true as const } : {};
  loop.submit(journal('PortolanStarted', { version, bootId, lastAlive, ...took }, null, now()));
  settleOpenCommands(loop, now());
  const ownPorts = [...addresses.map(({ port }) => port), config.apiPort].filter((port) => port > 0);
  const applyPolicy = (reach: Reach, ownContainer: Policy['ownContainer']): Policy =>
    policyOf(config, ownPorts, { reach: options.reach ?? reach, ownContainer });
  if (state.policy !== null) {
    const policy = applyPolicy(state.policy.reach, state.policy.ownContainer);
    loop.submit({ kind: 'policy', policy, id: uniqueKey() });
  }

  // The engine: signals and observations in, commands out.
  const docker = createDocker({
    host: config.dockerHost,
    env: options.env,
    labelKey: serving.labelKey,
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
      const meanwhile = trust.vouched()
        ? 'the last known routes are served as unconfirmed'
        : 'nothing is served until it has told what is running on this boot of the machine';
      logger.warn({ reason }, `the engine is away; ${meanwhile}`);
    },
    onConfirmed() {
      proxy.replace(served.table(tableOf(loop.state())));
      trust.confirmed();
      pulse.beat();
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
  const unsubscribe = log.subscribe((events) => {
    projections.notify();
    handOver?.position(events.at(-1)!.position);
  });
  const status = createStatus({
    engine: engine.read,
    log,
    writable: loop.writable,
    outage,
    trust,
    drifts: () => drifts,
    unreadable: serving.unreadable,
    others: () => [...proxy.problems(), ...warnings.list()],
  });
  const queries = createQueries(
    config.dataDir,
    createLive(loop, trust, projections, { head: () => log.head().position, problem: outage.problem }),
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
      httpPort: addresses[0]?.port ?? config.httpPort,
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
      token: createToken(serving.token),
      sessions,
      version,
      startedAt: new Date(),
      logger,
    },
  );
  const url = `http://${api.address.includes(':') ? `[${api.address}]` : api.address}:${api.port}`;

  /** @param idle milliseconds for which kept connections may be used still: a successor's are new ones */
  async function shutDown(stopped: DataOf<'PortolanStopped'>, idle: number): Promise<void> {
    const drained = proxy.stop(config.drain, idle);
    handOver?.close();
    await api.stop();
    await jobs.stop();
    await docker.stop();
    refusals.stop();
    loop.submit(journal('PortolanStopped', stopped, null, now()));
    await loop.settled();
    await snapshots.take(100);
    loop.stop();
    outage.stop();
    unsubscribe();
    await Promise.all([projections.stop(), queries.stop()]);
    pulse.stop();
    await log.close();
    handOver?.released();
    await drained;
  }
  let ending: Promise<void> | null = null;
  const handedOver = Promise.withResolvers<void>();
  handOver = await offerHandOver({
    dataDir: config.dataDir,
    logger,
    describe: () => ({
      pid: process.pid,
      version,
      port: addresses[0]!.port,
      apiPort: api.port,
      trust: trust.current(),
    }),
    refusal: () => (ending !== null ? 'it is ending' : loop.writable() ? null : outage.problem()),
    onServing(pid) {
      ending ??= shutDown({ reason: `process ${pid} took over`, handedOver: true }, idleAfterHandOver);
      handedOver.resolve(ending);
    },
  });

  return {
    addresses,
    api: { url, signInUrl: `${url}/sign-in?code=${sessions.offer()}` },
    handedOver: handedOver.promise,
    reopenAccessLog: proxy.reopenAccessLog,
    stop: (reason) => (ending ??= shutDown({ reason }, 0)),
  };
}

/** Milliseconds in which clients use their kept connections once more, and are told then that they end. */
const idleAfterHandOver = 1_000;

/** Under which the API may be called: its address, and the names of loopback. */
const apiNames = ({ apiHost }: Config): string[] => [
  'localhost',
  '127.0.0.1',
  '[::1]',
  apiHost.includes(':') ? `[${apiHost}]` : apiHost,
];
