/** What SQLite's and the file system's errors mean for the log, each with the way out in one line. */
import { closeSync, openSync } from 'node:fs';
import { LogUnusable, LogUnwritable } from './port.ts';

type Code = LogUnwritable['code'];

/** `SHMSIZE`: no space for what connections to the file share. */
const faults: readonly { readonly codes: RegExp; readonly code: Code; readonly says: string }[] = [
  {
    codes: /^(SQLITE_FULL|SQLITE_IOERR_SHMSIZE|ENOSPC|EDQUOT)$/,
    code: 'full',
    says: 'the disk of the data folder is full',
  },
  {
    codes: /^(SQLITE_READONLY.*|EROFS|EACCES|EPERM)$/,
    code: 'read-only',
    says: 'the data folder is read-only',
  },
  { codes: /^SQLITE_(CORRUPT|NOTADB)/, code: 'damaged', says: 'the log is damaged' },
  { codes: /^SQLITE_(BUSY|LOCKED)/, code: 'locked', says: 'another program holds a lock on the log' },
];

const appendHints: Readonly<Record<Code, string>> = {
  full: 'free some space; Portolan goes on by itself',
  'read-only': 'make it writable; Portolan goes on by itself',
  damaged: 'stop Portolan and restore a backup of portolan.db',
  locked: 'end the program that writes portolan.db',
  io: 'check the disk of the data folder',
};

const openHints: Readonly<Record<Code, string>> = {
  full: 'free some space, then start again',
  'read-only': 'make it writable, or choose another one with --data-dir',
  damaged: 'restore a backup, or choose another data folder',
  locked: 'end the program that writes it',
  io: 'check that the data folder exists and can be written',
};

/** Of a failed append to the log at the path. */
export function toUnwritable(error: unknown, path: string): LogUnwritable {
  if (error instanceof LogUnwritable) return error;
  const { code, says } = diagnose(beneath(error, path));
  return new LogUnwritable(says, code, appendHints[code]);
}

/** Of a failed open or read. */
export function toUnusable(error: unknown, path: string): LogUnusable {
  if (error instanceof LogUnusable) return error;
  if ((error as Error | null)?.name === 'NewerSchema') {
    const hint = 'start that version, or choose another data folder';
    return new LogUnusable(`${path}: ${messageOf(error)}`, 'newer', hint);
  }
  if (codeOf(error) === 'SQLITE_NOTADB')
    return new LogUnusable(`${path} is no SQLite file`, 'foreign', openHints.damaged);
  const { code, says } = diagnose(beneath(error, path));
  return new LogUnusable(`${path}: ${says}`, code === 'damaged' ? 'damaged' : 'io', openHints[code]);
}

/** A log that is in use and cannot be opened or read again cannot be written either. */
export function asUnwritable({ message, code, hint }: LogUnusable): LogUnwritable {
  return new LogUnwritable(message, code === 'damaged' || code === 'truncated' ? 'damaged' : 'io', hint);
}

/** What comes from neither SQLite nor the system is a defect of ours, and says nothing of the log. */
export const isFault = (error: unknown): boolean =>
  error instanceof LogUnwritable || /^(SQLITE_|E[A-Z0-9]+$)/.test(codeOf(error));

/** SQLite calls it an I/O error when a file system became read-only while the file was open; opening it again tells. */
function beneath(error: unknown, path: string): unknown {
  if (!codeOf(error).startsWith('SQLITE_IOERR')) return error;
  try {
    closeSync(openSync(path, 'r+'));
    return error;
  } catch (reason) {
    return codeOf(reason) === 'EROFS' ? reason : error;
  }
}

function diagnose(error: unknown): { readonly code: Code; readonly says: string } {
  const found = faults.find(({ codes }) => codes.test(codeOf(error)));
  if (found === undefined) return { code: 'io', says: `it cannot be read or written (${messageOf(error)})` };
  const { code, says } = found;
  return { code, says: code === 'damaged' ? `${says} (${messageOf(error)})` : says };
}

const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? '');
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
