/** The proxy's limits where nothing else is said. */
import type { ProxyLimits } from './messages.ts';

export const defaultLimits: ProxyLimits = {
  headerBytes: 32 * 1024,
  headerCount: 128,
  bodyBytes: 0,
  headersTimeout: 10_000,
  idleTimeout: 75_000,
  connectTimeout: 5_000,
  firstByteTimeout: 60_000,
  connections: 10_000,
  connectionsPerClient: 0,
  startGrace: 10_000,
  holdTimeout: 2_000,
};
