/** A unix socket that relays to an engine's: closing it is an engine that went away, while its containers run on. */
import { rmSync } from 'node:fs';
import net from 'node:net';

export interface Relay {
  readonly host: string;
  close(): Promise<void>;
  open(): Promise<void>;
  /** Cuts the connections that stand; new ones are taken. */
  cut(): void;
}

export async function createRelay(path: string, engineHost: string): Promise<Relay> {
  const engine = engineHost.replace(/^unix:\/\//, '');
  const sockets = new Set<net.Socket>();
  let server: net.Server | null = null;

  function relay(client: net.Socket): void {
    const upstream = net.connect(engine);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }

  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  async function open(): Promise<void> {
    rmSync(path, { force: true });
    server = net.createServer(relay);
    await new Promise<void>((resolve) => server!.listen(path, resolve));
  }
  await open();
  return {
    host: `unix://${path}`,
    open,
    cut,
    async close() {
      const closing = new Promise<void>((resolve) => server?.close(() => resolve()));
      cut();
      await closing;
      rmSync(path, { force: true });
    },
  };
}
