/** What people ask and command: the API, and the commands and jobs behind it. */
import { randomUUID } from 'node:crypto';
import { addAbortSignal } from 'node:stream';
import type { Answering } from './answering.ts';
import type { ApiPorts } from './api/ports.ts';
import { createSessions } from './api/session.ts';
import { createToken } from './api/token.ts';
import type { Config } from './config.ts';
import { createCommands } from './control/commands.ts';
import { createJobs } from './control/jobs.ts';
import { createStatus } from './control/status.ts';
import { createConceal } from './docker/secrets.ts';
import { bracketed } from './events/address.ts';
import type { Following } from './following.ts';
import { openExport } from './log/export-stream.ts';
import type { Logger } from './observability/logger.ts';
import { createMetrics } from './observability/metrics.ts';
import type { Recording } from './recording.ts';
import { createTable, type RoutingTable } from './routing/table.ts';
import type { Serving } from './serving.ts';

export interface Managing {
  readonly port: number;
  readonly url: string;
  /** Signs one browser in, once. */
  readonly signInUrl: string;
  /** Ends streams, connections and jobs. */
  stop(): Promise<void>;
}

/** What runs by now. */
export interface Running {
  readonly serving: Serving;
  readonly recording: Recording;
  readonly following: Following;
  readonly answering: Answering;
}

export interface ManagingOptions {
  readonly config: Config;
  readonly version: string;
  readonly logger: Logger;
  readonly now: () => number;
}

/** @throws {Error} with the system's `code` if the port cannot be had */
export async function startManaging(running: Running, options: ManagingOptions): Promise<Managing> {
  const { config, version, logger, now } = options;
  const { serving, recording, following, answering } = running;
  const { proxy, log } = serving;
  const jobs = createJobs({
    dataDir: config.dataDir,
    head: () => log.head().position,
    adopt: answering.projections.adopt,
    newId: randomUUID,
    now,
  });
  // Loaded after the proxy serves.
  const { startApi } = await import('./api/server.ts');
  const sessions = createSessions(now);
  const api = await startApi(
    { host: config.apiHost, port: config.apiPort, names: apiNames(config) },
    {
      commands: commandsOf(running, now),
      status: statusOf(running, now),
      queries: answering.queries,
      engine: following.reader,
      table: () => tableNow(serving, recording),
      jobs,
      exportLog: (signal) => addAbortSignal(signal, openExport(config.dataDir)),
      workers: proxy.workers,
      httpPort: serving.addresses[0]?.port ?? config.httpPort,
      traffic: proxy.traffic,
      listening: () => proxy.workers() > 0,
      metrics: metricsOf(running),
      token: createToken(serving.token),
      sessions,
      version,
      startedAt: new Date(),
      logger,
    },
  );
  const url = `http://${bracketed(api.address)}:${api.port}`;
  return {
    port: api.port,
    url,
    signInUrl: `${url}/sign-in?code=${sessions.offer()}`,
    async stop() {
      await api.stop();
      await jobs.stop();
    },
  };
}

function commandsOf({ serving, recording, following }: Running, now: () => number): ApiPorts['commands'] {
  const execute = createCommands({
    loop: recording.loop,
    engine: following.commands,
    leaving: recording.leaving,
    connected: () => following.status().connected,
    absence: () => `the Docker engine is away (${following.status().reason})`,
    read: serving.read,
    conceal: createConceal(Buffer.from(serving.labelKey)),
    newId: randomUUID,
    now,
  });
  return { execute, refused: recording.refusals.count };
}

function statusOf(
  { serving, recording, following, answering }: Running,
  now: () => number,
): ApiPorts['status'] {
  const { log, proxy, trust, unreadable } = serving;
  const { loop, outage, warnings } = recording;
  return createStatus({
    engine: following.status,
    log,
    writable: loop.writable,
    outage,
    trust,
    drifts: following.drifts,
    unreadable,
    others: () => [...answering.problems(), ...proxy.problems(), ...warnings.list()],
    now,
  });
}

function metricsOf({ serving, recording, following, answering }: Running): ApiPorts['metrics'] {
  const { log, proxy } = serving;
  const { loop } = recording;
  return createMetrics({
    engineConnected: () => following.status().connected,
    logPosition: () => log.head().position,
    logWritable: loop.writable,
    openRoutes: () => [...loop.state().routes.values()].filter((route) => route.targets.length > 0).length,
    drifts: following.drifts,
    workers: proxy.workers,
    projections: answering.projections.progress,
    proxy: proxy.counters,
    accessLogLost: proxy.accessLogLost,
  });
}

/** As the proxy has it: less what is being ended right now. */
function tableNow({ tableOf, served }: Serving, { loop }: Recording): RoutingTable {
  const whole = tableOf(loop.state());
  return createTable({ ...whole, hosts: whole.hosts.map(served.less) });
}

/** Under which the API may be called: its address, and the names of loopback. */
const apiNames = ({ apiHost }: Config): string[] => ['localhost', '127.0.0.1', '[::1]', bracketed(apiHost)];
