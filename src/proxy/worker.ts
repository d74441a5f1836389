/** A proxy worker: a thread with its own event loop, table and upstream pools, sharing the port with the others. */
import { parentPort, workerData } from 'node:worker_threads';
import type { TableSnapshot } from '../routing/table.ts';
import type { FromWorker, ProxySettings, ToWorker } from './messages.ts';
import { createProxyServer } from './server.ts';

export interface WorkerData {
  readonly settings: ProxySettings;
  readonly table: TableSnapshot;
  readonly self: string;
  readonly drain: number;
}

const { settings, table, self, drain } = workerData as WorkerData;
const port = parentPort!;
const tell = (message: FromWorker): void => port.postMessage(message);
const proxy = createProxyServer({ settings, table, self, drain, now: Date.now });

/** Milliseconds between two reports of the counters. */
const reportInterval = 1_000;

async function listen(): Promise<void> {
  const addresses = await Promise.all(
    proxy.servers.map(
      (server, index) =>
        new Promise<{ address: string; port: number }>((resolve, reject) => {
          const { port: number, reusePort } = settings;
          server.once('error', reject);
          server.listen(
            { host: settings.hosts[index]!, port: number, reusePort, backlog: 1_024, ipv6Only: true },
            () => {
              server.off('error', reject);
              // Out of descriptors: the connection is refused, the worker stays.
              server.on('error', () => undefined);
              const address = server.address() as { address: string; port: number };
              resolve({ address: address.address, port: address.port });
            },
          );
        }),
    ),
  );
  tell({ kind: 'listening', addresses });
}

function drainAndEnd(grace: number): void {
  for (const server of proxy.servers) {
    server.close();
    server.closeIdleConnections();
  }
  const end = (): void => {
    clearInterval(watch);
    clearTimeout(timer);
    proxy.close();
    tell({ kind: 'counters', counters: proxy.counters() });
    tell({ kind: 'drained' });
    port.close();
    clearInterval(report);
  };
  const watch = setInterval(() => {
    for (const server of proxy.servers) server.closeIdleConnections();
    if (proxy.open() === 0) end();
  }, 50);
  const timer = setTimeout(end, grace);
}

const report = setInterval(() => tell({ kind: 'counters', counters: proxy.counters() }), reportInterval);

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
    case 'drain':
      drainAndEnd(message.grace);
      return;
    default:
      message satisfies never;
  }
});

listen().catch((error: NodeJS.ErrnoException) => {
  tell({ kind: 'failed', code: error.code ?? '', message: error.message });
});
