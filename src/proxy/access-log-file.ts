/** The access log's file or stream: written without ever waiting in the system, opened anew for log rotation. */
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';

export interface AccessLogFile {
  /** @throws what keeps it from being written; of `bytes`, some may be written then */
  write(bytes: Buffer): void;
  /** The name may stand for another file by now. */
  reopen(): void;
  close(): void;
}

/** A pipe takes this much whole, so that lines of others do not end up in the middle of ours (PIPE_BUF). */
const pipeful = 4_096;
/** Milliseconds until a full pipe is tried again. */
const pause = 20;
const stdout = 1;
const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

/** @param path `-` for standard output */
export function createAccessLogFile(path: string): AccessLogFile {
  let descriptor: number | null = null;
  let slice = Infinity;
  /** A line was written in part. */
  let torn = false;

  function opened(): number {
    if (descriptor !== null) return descriptor;
    descriptor = path === '-' ? openStdout() : openSync(path, flags, 0o640);
    slice = fstatSync(descriptor).isFile() ? Infinity : pipeful;
    return descriptor;
  }

  function close(): void {
    if (descriptor !== null && descriptor !== stdout) closeSync(descriptor);
    descriptor = null;
  }

  function writeAll(to: number, bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + sliceOf(bytes.subarray(at), slice));
      const written = writeSome(to, bytes.subarray(at, end));
      at += written;
      torn = written > 0 ? bytes[at - 1] !== newline : torn;
    }
  }

  return {
    write(bytes) {
      try {
        const to = opened();
        if (torn) writeAll(to, Buffer.from('\n'));
        writeAll(to, bytes);
      } catch (error) {
        close();
        throw error;
      }
    },
    reopen: close,
    close,
  };
}

/**
 * Whether it can be written at all, at the start.
 * @throws the system's error
 */
export function probeAccessLog(path: string): void {
  if (path === '-') return;
  try {
    closeSync(openSync(path, flags, 0o640));
  } catch (error) {
    // A pipe that nobody reads yet.
    if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
  }
}

const newline = 0x0a;

/** Whole lines of at most `most` bytes; a longer line is written in parts. */
function sliceOf(bytes: Buffer, most: number): number {
  if (bytes.length <= most) return bytes.length;
  const end = bytes.lastIndexOf(newline, most - 1);
  return end === -1 ? most : end + 1;
}

/** Its own description of the stream does not block, whatever others chose for theirs. */
function openStdout(): number {
  try {
    return openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK);
  } catch {
    // A socket (journald), a pipe of another user, or no /proc: then as it is.
    return stdout;
  }
}

const never = new Int32Array(new SharedArrayBuffer(4));

/** In a thread of its own, which may wait, but must be possible to end: a write that blocks could not be. */
function writeSome(to: number, bytes: Buffer): number {
  for (;;) {
    try {
      return writeSync(to, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(never, 0, 0, pause);
    }
  }
}
