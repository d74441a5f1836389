/** The proxy's limits where nothing else is said, and what the process can afford of them. */
import { readFileSync } from 'node:fs';
import type { ProxyLimits } from './messages.ts';

export const defaultLimits: ProxyLimits = {
  headerBytes: 32 * 1024,
  headerCount: 100,
  bodyBytes: 0,
  headersTimeout: 10_000,
  idleTimeout: 75_000,
  connectTimeout: 5_000,
  firstByteTimeout: 60_000,
  connections: 20_000,
  connectionsPerClient: 0,
  startGrace: 10_000,
  holdTimeout: 2_000,
};

/** Descriptors kept for log, engine, API and files. */
const reserve = 256;

/**
 * Each connection may need a second descriptor, for its upstream.
 * @param descriptors what the process may open; null if not known
 */
export function affordable(limits: ProxyLimits, descriptors: number | null): ProxyLimits {
  if (descriptors === null) return limits;
  const most = Math.max(16, Math.floor((descriptors - reserve) / 2));
  return { ...limits, connections: limits.connections === 0 ? most : Math.min(limits.connections, most) };
}

/** The process's soft limit of open files; null where the system does not tell. */
export function descriptorLimit(): number | null {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return found === null ? null : Number(found[1]);
  } catch {
    // No /proc on this system: only the flag bounds the connections.
    return null;
  }
}
