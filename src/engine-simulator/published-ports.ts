/** Ports of the host that lead to a container's: listeners on loopback that pass bytes on, whatever address was asked for. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { ContainerConfig, HostPort } from './container.ts';
import { Refusal } from './http.ts';

export interface PublishedPort {
  /** `80/tcp` and the like. */
  readonly port: string;
  /** As the API shows it. */
  readonly hostAddress: string;
  readonly hostPort: number;
  close(): Promise<void>;
}

/**
 * @param target the container's address
 * @param endpoint how an error names the container
 * @throws {Refusal} 500 if a port is taken
 */
export async function publishPorts(
  config: ContainerConfig,
  target: string,
  endpoint: string,
): Promise<PublishedPort[]> {
  const published: PublishedPort[] = [];
  try {
    for (const [port, bindings] of wanted(config)) {
      for (const binding of bindings) published.push(...(await publish(port, binding, target)));
    }
    return published;
  } catch (error) {
    await Promise.all(published.map((one) => one.close()));
    throw new Refusal(
      500,
      `driver failed programming external connectivity on endpoint ${endpoint}: ${(error as Error).message}`,
    );
  }
}

function wanted({ portBindings, publishAll, exposed }: ContainerConfig): [string, readonly HostPort[]][] {
  const all = publishAll ? exposed.map((port): [string, HostPort[]] => [port, [anyPort]]) : [];
  const named = Object.entries(portBindings).map(([port, bindings]): [string, readonly HostPort[]] => [
    port,
    bindings.length > 0 ? bindings : [anyPort],
  ]);
  return [...new Map([...all, ...named])];
}

const anyPort: HostPort = { HostIp: '', HostPort: '' };

async function publish(
  port: string,
  { HostIp, HostPort }: HostPort,
  target: string,
): Promise<PublishedPort[]> {
  const asked = Number(HostPort) || 0;
  const [number, protocol] = port.split('/');
  const listener =
    protocol === 'tcp' ? await listen(HostIp, asked, target, Number(number)) : udp(asked, Number(number));
  const shown = { port, hostPort: listener.port, close: listener.close };
  if (HostIp !== '') return [{ ...shown, hostAddress: HostIp }];
  // The wildcard is shown once for each family.
  return [
    { ...shown, hostAddress: '0.0.0.0' },
    { ...shown, hostAddress: '::', close: () => Promise.resolve() },
  ];
}

interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/** UDP is shown, not served. */
const udp = (asked: number, port: number): Listener => ({
  port: asked || 32_768 + (port % 1_000),
  close: () => Promise.resolve(),
});

async function listen(hostIp: string, asked: number, target: string, port: number): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, target);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream).pipe(client);
  });
  const address = hostIp.startsWith('127.') || hostIp === '::1' ? hostIp : '127.0.0.1';
  await bind(server, address, asked, hostIp);
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : asked,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function bind(server: Server, host: string, port: number, asked: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'port is already allocated' : error.message;
      reject(new Error(`Bind for ${asked || '0.0.0.0'}:${port} failed: ${why}`));
    });
    server.listen({ host, port, exclusive: true }, resolve);
  });
}
