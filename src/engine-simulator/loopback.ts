/** Finds out which loopback addresses and ports this machine gives us, and claims a block of addresses for one simulator. */
import { createServer, type Server } from 'node:net';
import type { Random } from './random.ts';

/**
 * Containers listen on addresses of their own at the ports they expose. Where that cannot be had, the port that a
 * container exposes is changed on creation, so that inspect, list and the server agree:
 * without the right to ports below 1024, to that port + 10000; where loopback has one address only (macOS), to a free
 * port of 127.0.0.1.
 */
export interface Loopback {
  /** Second part of the block's addresses. */
  readonly block: number;
  /** The one address for all, or null where each has its own. */
  readonly shared: string | null;
  /** The port that a container which wants `port` gets. */
  portFor(port: number): Promise<number>;
  release(): Promise<void>;
}

export type LoopbackKind = 'addresses' | 'high-ports' | 'one-address';

/** Held by whoever has the block, at its last address. */
const claimPort = 61_999;

/** @param forced instead of finding out */
export async function claimLoopback(random: Random, forced?: LoopbackKind): Promise<Loopback> {
  const claimed = forced === 'one-address' ? null : await claimBlock(random);
  const block = claimed?.block ?? 0;
  const kind = forced ?? (claimed === null ? 'one-address' : await kindOf(`127.${block}.255.253`));
  return {
    block,
    shared: kind === 'one-address' ? '127.0.0.1' : null,
    async portFor(port) {
      if (kind === 'one-address') return freePort();
      return kind === 'high-ports' && port < 1024 ? port + 10_000 : port;
    },
    release: () => (claimed === null ? Promise.resolve() : close(claimed.server)),
  };
}

/** null where loopback has one address only. */
async function claimBlock(random: Random): Promise<{ block: number; server: Server } | null> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const block = 2 + random.below(250);
    const outcome = await tryListen(`127.${block}.255.254`, claimPort);
    if (outcome === 'EADDRNOTAVAIL') return null;
    if (typeof outcome !== 'string') return { block, server: outcome };
  }
  throw new Error('no block of loopback addresses is free for the engine simulator');
}

async function kindOf(address: string): Promise<LoopbackKind> {
  const outcome = await tryListen(address, 80);
  if (typeof outcome === 'string') return outcome === 'EACCES' ? 'high-ports' : 'addresses';
  await close(outcome);
  return 'addresses';
}

async function freePort(): Promise<number> {
  const server = await tryListen('127.0.0.1', 0);
  if (typeof server === 'string') throw new Error(`no port of 127.0.0.1 is free: ${server}`);
  const address = server.address();
  await close(server);
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** @returns the server, or the system's error code */
function tryListen(host: string, port: number): Promise<Server | string> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    server.listen({ host, port, exclusive: true }, () => resolve(server.unref()));
  });
}

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
  });
