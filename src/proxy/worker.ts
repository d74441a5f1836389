/** A proxy worker: a thread with its own event loop, table and upstream connections, sharing the port with the others. */
import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { TableSnapshot } from '../routing/table.ts';
import { createAccessLog } from './access-log.ts';
import { endWhenDrained } from './ending.ts';
import { createExhaustion } from './exhaustion.ts';
import { createLastIntervals } from './last-intervals.ts';
import type { FromWorker, ProxySettings, ToWorker } from './messages.ts';
import { createSeats, type SharedSeats } from './seats.ts';
import { createProxyServer } from './server.ts';

export interface WorkerData {
  readonly settings: ProxySettings;
  readonly table: TableSnapshot;
  readonly self: string;
  readonly drain: number;
  readonly seats: SharedSeats;
  /** Its own one of the seats. */
  readonly row: number;
  /** To the access log's writer; null for none. */
  readonly accessLog: MessagePort | null;
}

const { settings, table, self, drain, seats, row, accessLog: logPort } = workerData as WorkerData;
const port = parentPort!;
const tell = (message: FromWorker): void => port.postMessage(message);
const problems = { exhaustion: null as string | null, health: null as string | null };
const tellProblem = (of: keyof typeof problems) => (problem: string | null) => {
  problems[of] = problem;
  const all = Object.values(problems).filter((one) => one !== null);
  tell({ kind: 'problem', problem: all.length === 0 ? null : all.join('; ') });
};
const exhaustion = createExhaustion(tellProblem('exhaustion'));
const accessLog = logPort === null ? null : createAccessLog(logPort);
const lastIntervals = createLastIntervals((id, host) => tell({ kind: 'intervals', id, host }));
const proxy = createProxyServer({
  settings,
  table,
  self,
  drain,
  now: Date.now,
  seats: createSeats(settings.limits, seats, row),
  accessLog,
  onExhausted: (error) => exhaustion.noticed(error),
  onHealth: tellProblem('health'),
  lastIntervals: lastIntervals.of,
});

/** Milliseconds between two reports of the counters. */
const reportInterval = 1_000;

function listen(server: Server, host: string): Promise<{ address: string; port: number }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ address: string; port: number }>();
  const { port: number, reusePort } = settings;
  server.once('error', reject);
  server.listen({ host, port: number, reusePort, backlog: 1_024, ipv6Only: true }, () => {
    server.off('error', reject);
    server.on('error', (error) => exhaustion.noticed(error));
    resolve(server.address() as { address: string; port: number });
  });
  return promise;
}

function drainAndEnd(grace: number, idle: number): void {
  // Not HTTP's own `close`, which would end idle connections at once.
  for (const server of proxy.servers) NetServer.prototype.close.call(server);
  endWhenDrained(proxy, { grace, idle }, () => {
    clearInterval(report);
    exhaustion.close();
    proxy.close();
    reportNow();
    tell({ kind: 'drained' });
    // Connections that were cut off just now tell it a turn later.
    setTimeout(() => {
      accessLog?.close();
      port.close();
    }, 10);
  });
}

const reportNow = (): void =>
  tell({ kind: 'counters', counters: proxy.counters(), traffic: proxy.traffic() });
const report = setInterval(reportNow, reportInterval);
function answerWhenQuiet(id: number, targets: readonly string[], patience: number): void {
  const deadline = Date.now() + patience;
  const look = (): void => {
    if (Date.now() < deadline && targets.some((key) => proxy.busy(key))) setTimeout(look, 10);
    else tell({ kind: 'quiet', id });
  };
  look();
}

port.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'table':
      proxy.replace(message.table);
      return;
    case 'delta':
      proxy.apply(message.delta);
      return;
    case 'trust':
      proxy.setTrust(message.trust);
      return;
    case 'arrival':
      proxy.arriving(message.arrival);
      return;
    case 'quiet':
      answerWhenQuiet(message.id, message.targets, message.patience);
      return;
    case 'intervals':
      lastIntervals.answered(message.id, message.intervals);
      return;
    case 'drain':
      drainAndEnd(message.grace, message.idle);
      return;
    default:
      message satisfies never;
  }
});

Promise.all(proxy.servers.map((server, index) => listen(server, settings.hosts[index]!))).then(
  (addresses) =>
    tell({ kind: 'listening', addresses: addresses.map(({ address, port }) => ({ address, port })) }),
  (error: NodeJS.ErrnoException) => tell({ kind: 'failed', code: error.code ?? '', message: error.message }),
);
