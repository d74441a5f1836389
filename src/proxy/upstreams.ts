/** Connection pools to upstreams: one for each start of each container, never one for an address. */
import { createRequire } from 'node:module';
import type { Pool as PoolType } from 'undici';
import type { Target } from '../events/decisions.ts';
import { type RoutingTable, targetKey } from '../routing/table.ts';
import type { ProxyLimits } from './messages.ts';

// The pool alone: all of undici would cost each worker three times the memory.
const Pool = createRequire(import.meta.url)('undici/lib/dispatcher/pool.js') as typeof PoolType;

export interface Upstreams {
  pool(target: Target): PoolType;
  /** Whether the target of this key is still in the table. */
  isCurrentKey(key: string): boolean;
  /** Closes pools of targets that have left the table; what runs on them has `grace` ms to end. */
  keepOnly(table: RoutingTable, grace: number): void;
  close(): void;
}

export function createUpstreams(limits: ProxyLimits): Upstreams {
  const pools = new Map<string, PoolType>();
  const leaving = new Set<PoolType>();
  let current: ReadonlySet<string> = new Set();

  function retire(pool: PoolType, grace: number): void {
    leaving.add(pool);
    const timer = setTimeout(() => void pool.destroy(), grace);
    timer.unref();
    pool.close().then(
      () => {
        clearTimeout(timer);
        leaving.delete(pool);
      },
      // Destroyed while it was closing: the grace was over.
      () => leaving.delete(pool),
    );
  }

  return {
    pool(target) {
      const key = targetKey(target);
      const known = pools.get(key);
      if (known !== undefined) return known;
      const pool = new Pool(originOf(target), {
        pipelining: 1,
        allowH2: false,
        connect: { timeout: limits.connectTimeout },
        headersTimeout: limits.firstByteTimeout,
        bodyTimeout: 0,
        // Shorter than what common servers allow, so that they seldom close just as a request goes out.
        keepAliveTimeout: 4_000,
        keepAliveMaxTimeout: 30_000,
        maxHeaderSize: 64 * 1024,
      });
      pools.set(key, pool);
      return pool;
    },
    isCurrentKey: (key) => current.has(key),
    keepOnly(table, grace) {
      const keys = new Set<string>();
      for (const entry of table.hosts.values()) {
        for (const route of entry.routes) for (const target of route.targets) keys.add(targetKey(target));
      }
      current = keys;
      for (const [key, pool] of pools) {
        if (keys.has(key)) continue;
        pools.delete(key);
        retire(pool, grace);
      }
    },
    close() {
      for (const pool of [...pools.values(), ...leaving]) void pool.destroy();
      pools.clear();
    },
  };
}

const originOf = ({ address, port }: Target): string =>
  `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
