/** Claims the proxy's port for this process: a second Portolan would else take half of the traffic silently. */
import { createServer, type Server } from 'node:net';
import { explainListen } from '../port-unavailable.ts';

export interface PortClaim {
  /** The number, where any was asked for. */
  readonly port: number;
  release(): Promise<void>;
}

/**
 * Tries the port without sharing it, then holds a lock on its number that dies with the process (Linux).
 * @param port 0 for any that is free on all of the hosts
 * @throws {PortUnavailable}
 */
export async function claimPort(hosts: readonly string[], port: number): Promise<PortClaim> {
  let chosen = port;
  for (const host of hosts) {
    const probe = await bind({ host, port: chosen, exclusive: true, ipv6Only: true }, `${host}:${chosen}`);
    chosen = (probe.address() as { port: number }).port;
    await close(probe);
  }
  return inheritPort(chosen);
}

/**
 * The claim alone, on a port that we listen on already, shared with whom we took it over from.
 * @throws {PortUnavailable}
 */
export async function inheritPort(port: number): Promise<PortClaim> {
  if (process.platform !== 'linux') return { port, release: async () => undefined };
  const lock = await bind({ path: `\0portolan-port-${port}` }, `port ${port}`);
  lock.unref();
  return { port, release: () => close(lock) };
}

function bind(options: object, what: string): Promise<Server> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explainListen(error, 'http', what)));
    server.listen(options, () => resolve(server));
  });
}

const close = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
