/** The side that lets go: offers its port and its log to a successor, over a control socket in the data folder. */
import { chmodSync, closeSync, openSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Trust } from '../routing/table.ts';
import {
  type Here,
  lines,
  protocol,
  type ToPredecessor,
  type ToSuccessor,
  toPredecessorSchema,
} from './hand-over-messages.ts';

export interface HandOver {
  /** The log goes up to here: a successor that serves already reads it on. */
  position(position: number): void;
  trust(trust: Trust): void;
  /** The log and the claim on the port are free: the successor takes them. */
  released(): void;
  /** Nobody can take over any more. The connection to a successor stays until the process ends. */
  close(): void;
}

export interface HandOverOptions {
  readonly dataDir: string;
  readonly logger: Logger;
  readonly describe: () => Omit<Here, 'kind' | 'protocol'>;
  /** Why nobody may take over now; null if somebody may. */
  readonly refusal: () => string | null;
  /** The successor listens, too: from now on the port is its own. */
  readonly onServing: (pid: number) => void;
}

/** Only Linux lets two processes share a port while one hands it to the other. */
export const canHandOver = process.platform === 'linux';

const fileName = 'control.sock';

/** The folder must be this process's own (its lock held): what an earlier run left is removed. */
export async function offerHandOver(options: HandOverOptions): Promise<HandOver | null> {
  if (!canHandOver) return null;
  const { logger } = options;
  let successor: { readonly socket: Socket; readonly pid: number } | null = null;
  let closed = false;
  const folder = openFolder(options.dataDir);
  const tell = (message: ToSuccessor): void => {
    successor?.socket.write(`${JSON.stringify(message)}\n`);
  };

  function refuse(socket: Socket, reason: string): void {
    socket.end(`${JSON.stringify({ kind: 'refused', reason } satisfies ToSuccessor)}\n`);
  }

  function heard(socket: Socket, message: ToPredecessor): void {
    if (message.kind === 'take-over') {
      const reason = successor === null ? options.refusal() : `process ${successor.pid} does so already`;
      if (message.protocol !== protocol) refuse(socket, `it speaks version ${protocol} of the hand-over`);
      else if (closed || reason !== null) refuse(socket, reason ?? 'it is ending');
      else {
        successor = { socket, pid: message.pid };
        tell({ kind: 'here', protocol, ...options.describe() });
      }
    } else if (successor?.socket === socket) {
      logger.info({ successor: successor.pid }, 'another Portolan takes over');
      options.onServing(successor.pid);
    }
  }

  const server = createServer((socket) => {
    socket.unref();
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (successor?.socket === socket) successor = null;
    });
    lines(
      socket,
      (line) => heard(socket, toPredecessorSchema.parse(line)),
      () => refuse(socket, 'what it was told is not understood'),
    );
  });
  await listen(server, folder.path);
  server.unref();
  return {
    position: (position) => tell({ kind: 'position', position }),
    trust: (trust) => tell({ kind: 'trust', trust }),
    released: () => tell({ kind: 'released' }),
    close() {
      if (closed) return;
      closed = true;
      server.close(folder.close);
    },
  };
}

async function listen(server: Server, path: string): Promise<void> {
  rmSync(path, { force: true });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(path, resolve);
  await promise;
  chmodSync(path, 0o600);
}

/** Names the socket through the open folder: the name of a socket may have 107 bytes, that of a folder more. */
export function openFolder(dataDir: string): { readonly path: string; close(): void } {
  const folder = openSync(dataDir, 'r');
  return { path: `/proc/self/fd/${folder}/${fileName}`, close: () => closeSync(folder) };
}
