/** The side that takes over: finds the Portolan that serves from this data folder, and learns when it has let go. */
import { connect, type Socket } from 'node:net';
import { canHandOver, openFolder } from './hand-over.ts';
import {
  type Here,
  lines,
  protocol,
  type ToPredecessor,
  type ToSuccessor,
  toSuccessorSchema,
} from './hand-over-messages.ts';

export class TakeOverFailed extends Error {
  override readonly name = 'TakeOverFailed';
  readonly code: 'not-offered' | 'refused' | 'broken';
  readonly hint: string;
  constructor(message: string, code: TakeOverFailed['code'], hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

export interface Predecessor extends Omit<Here, 'kind' | 'protocol'> {
  /**
   * We listen: it stops doing so, and lets go of the log. Until then `onNews` is called whenever the log may have grown.
   * @returns when it has let go
   * @throws {TakeOverFailed} it takes longer than `patience` ms
   */
  letGo(onNews: (news: ToSuccessor) => void, patience: number): Promise<void>;
  /** Resolves with the end of its process. */
  readonly ended: Promise<void>;
  /** We do not take over after all. */
  leave(): void;
}

/** Milliseconds that it has to answer. */
const answerTimeout = 5_000;

/**
 * @returns null if none runs on this data folder
 * @throws {TakeOverFailed}
 */
export async function findPredecessor(dataDir: string): Promise<Predecessor | null> {
  if (!canHandOver) {
    const hint = 'stop the running Portolan, then start this one without --take-over';
    throw new TakeOverFailed(
      '--take-over needs Linux, where two processes can share a port',
      'not-offered',
      hint,
    );
  }
  const folder = openFolder(dataDir);
  const socket = connect(folder.path);
  try {
    if (!(await connected(socket))) return null;
  } finally {
    folder.close();
  }
  return greet(socket);
}

/** False if nobody listens. */
function connected(socket: Socket): Promise<boolean> {
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(false);
      else
        reject(
          new TakeOverFailed(`the running Portolan cannot be asked (${error.message})`, 'broken', wayOut),
        );
    });
  });
}

const wayOut = 'look at its log, or stop it and start this one';

async function greet(socket: Socket): Promise<Predecessor> {
  const here = Promise.withResolvers<Here>();
  const released = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  // Only `letGo` waits for it, and hears of a failure then.
  released.promise.catch(() => undefined);
  let onNews: (news: ToSuccessor) => void = () => undefined;
  const fail = (error: TakeOverFailed): void => {
    here.reject(error);
    released.reject(error);
  };
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    // It has died: its locks died with it.
    here.reject(new TakeOverFailed('the running Portolan ended just now', 'broken', 'start this one again'));
    released.resolve();
    ended.resolve();
  });
  lines(
    socket,
    (line) => {
      const message = toSuccessorSchema.parse(line);
      if (message.kind === 'here') here.resolve(message);
      else if (message.kind === 'released') released.resolve();
      else if (message.kind === 'refused')
        fail(
          new TakeOverFailed(`the running Portolan does not hand over: ${message.reason}`, 'refused', wayOut),
        );
      else onNews(message);
    },
    () => fail(new TakeOverFailed('what the running Portolan says is not understood', 'broken', wayOut)),
  );
  const tell = (message: ToPredecessor): boolean => socket.write(`${JSON.stringify(message)}\n`);
  tell({ kind: 'take-over', protocol, pid: process.pid });
  const silent = new TakeOverFailed('the running Portolan does not answer', 'broken', wayOut);
  const { pid, version, port, apiPort, trust } = await within(here.promise, answerTimeout, silent).catch(
    (error: unknown) => {
      socket.destroy();
      throw error;
    },
  );
  socket.unref();
  return {
    pid,
    version,
    port,
    apiPort,
    trust,
    async letGo(listener, patience) {
      onNews = listener;
      tell({ kind: 'serving' });
      const slow = new TakeOverFailed(`process ${pid} does not let go of the log`, 'broken', wayOut);
      await within(released.promise, patience, slow);
    },
    ended: ended.promise,
    leave: () => socket.destroy(),
  };
}

async function within<T>(promise: Promise<T>, milliseconds: number, late: Error): Promise<T> {
  const { promise: over, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(reject, milliseconds, late);
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}
