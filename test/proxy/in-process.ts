/** A proxy of one thread in the test's own process, with routes to backends of the test. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Target } from '../../src/events/decisions.ts';
import type { ContainerId, Host, Position, RouteId } from '../../src/events/ids.ts';
import { defaultLimits } from '../../src/proxy/limits.ts';
import type { ProxyLimits, ProxySettings } from '../../src/proxy/messages.ts';
import { createProxyServer, type ProxyServer, type ServerOptions } from '../../src/proxy/server.ts';
import type { HostEntry, TableRoute, TableSnapshot, Trust } from '../../src/routing/table.ts';
import { type RawBackend, within } from '../support/raw-http.ts';

export interface TestProxy {
  readonly port: number;
  readonly proxy: ProxyServer;
  close(): Promise<void>;
}

export interface TestProxyOptions {
  readonly limits?: Partial<ProxyLimits>;
  readonly settings?: Partial<ProxySettings>;
  readonly trust?: Trust;
  readonly drain?: number;
  readonly self?: string;
  readonly lastIntervals?: ServerOptions['lastIntervals'];
  readonly onExhausted?: ServerOptions['onExhausted'];
}

const id = (name: string): ContainerId =>
  Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64) as ContainerId;

/** Started long ago unless said otherwise, so that no connection is waited for. */
export const targetOf = (
  backend: Pick<RawBackend, 'port' | 'address'>,
  name = 'web',
  startedAt = '2020-01-01T00:00:00Z',
): Target => ({ container: id(name), name, address: backend.address, port: backend.port, startedAt });

export const routeOf = (targets: readonly Target[], path = '/', sentence = ''): TableRoute => ({
  id: `${path}:route` as RouteId,
  path,
  targets,
  sentence,
});

export const entryOf = (host: string, routes: readonly TableRoute[], sentence = ''): HostEntry => ({
  host: host as Host,
  routes,
  sentence,
});

export const snapshotOf = (hosts: readonly HostEntry[], trust: Trust = 'confirmed'): TableSnapshot => ({
  position: 1 as Position,
  trust,
  hosts,
});

export const settingsOf = (options: TestProxyOptions = {}): ProxySettings => ({
  hosts: ['127.0.0.1'],
  port: 0,
  reusePort: false,
  trustedProxies: [],
  explain: 'local',
  apiUrl: 'http://127.0.0.1:8080/',
  limits: { ...defaultLimits, ...options.limits },
  accessLog: null,
  ...options.settings,
});

export async function startProxy(
  hosts: readonly HostEntry[],
  options: TestProxyOptions = {},
): Promise<TestProxy> {
  const proxy = createProxyServer({
    settings: settingsOf(options),
    table: snapshotOf(hosts, options.trust),
    self: options.self ?? 'test-proxy',
    drain: options.drain ?? 1_000,
    now: Date.now,
    ...(options.onExhausted === undefined ? {} : { onExhausted: options.onExhausted }),
    ...(options.lastIntervals === undefined ? {} : { lastIntervals: options.lastIntervals }),
  });
  const server = proxy.servers[0]!;
  server.listen(0, '127.0.0.1');
  await within(once(server, 'listening'), 'listen');
  return {
    port: (server.address() as AddressInfo).port,
    proxy,
    async close() {
      proxy.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
