/** Verifies a log's chain from end to end, beside its writer. */
import { setImmediate as turn } from 'node:timers/promises';
import { type DatabaseFile, openDatabase } from '../db/open.ts';
import { readHead } from './append.ts';
import { toUnusable } from './faults.ts';
import { readNotedHead } from './head-file.ts';
import { logPath } from './path.ts';
import { LogUnusable } from './port.ts';
import { createVerifier, type ExpectedHead, type Verification } from './verify.ts';

export interface VerifyOptions {
  readonly dataDir: string;
  /** Else the one that the service noted beside the log, which shows a log that was cut by itself. */
  readonly expectHead?: ExpectedHead | undefined;
  /** After each stretch, with the head as it was at the start. */
  readonly onProgress?: (position: number, head: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * On the calling thread, in stretches.
 * @throws {LogUnusable} there is no log
 */
export async function verifyLog({
  dataDir,
  expectHead,
  onProgress,
  signal,
}: VerifyOptions): Promise<Verification> {
  const path = logPath(dataDir);
  try {
    using db = closing(openDatabase(path, { readonly: true, synchronous: 'FULL' }));
    refuseWithoutEvents(db.file, path);
    const head = readHead(db.file).position;
    const verifier = createVerifier(db.file, expectHead ?? readNotedHead(dataDir) ?? undefined);
    for (;;) {
      const result = verifier.step();
      if (result !== null) return result;
      onProgress?.(verifier.checkedTo(), head);
      await turn();
      signal?.throwIfAborted();
    }
  } catch (error) {
    if (signal?.aborted) throw error;
    throw toUnusable(error, path);
  }
}

/** @throws {LogUnusable} what is there is no log, or was copied without what made it one */
function refuseWithoutEvents(db: DatabaseFile, path: string): void {
  if (db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'events'").get() !== undefined) return;
  const hint = 'a copy needs the -wal file beside it; VACUUM INTO makes one that is whole';
  throw new LogUnusable(`${path} holds no events`, 'empty-file', hint);
}

const closing = (file: ReturnType<typeof openDatabase>) => ({
  file,
  [Symbol.dispose]: () => void file.close(),
});

/** `POSITION:HASH`, as a head is noted. @returns null if it is none */
export function parseHead(text: string): ExpectedHead | null {
  const [, position, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  return hash === undefined ? null : { position: Number(position), hash };
}
