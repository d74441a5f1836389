/** What SQLite's errors mean for the log, each with the way out in one line. */
import { LogUnusable, LogUnwritable } from './port.ts';

const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? '');
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Of a failed append. */
export function toUnwritable(error: unknown): LogUnwritable {
  if (error instanceof LogUnwritable) return error;
  const code = codeOf(error);
  const message = messageOf(error);
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') {
    return new LogUnwritable(
      'the disk of the data folder is full',
      'full',
      'free some space; Portolan goes on by itself',
    );
  }
  if (code.startsWith('SQLITE_READONLY') || code === 'EROFS' || code === 'EACCES') {
    return new LogUnwritable(
      'the data folder is read-only',
      'read-only',
      'make it writable; Portolan goes on by itself',
    );
  }
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) {
    return new LogUnwritable(
      `the log is damaged (${message})`,
      'damaged',
      'stop Portolan and restore a backup of portolan.db',
    );
  }
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return new LogUnwritable(
      'another program holds a lock on the log',
      'locked',
      'end the program that writes portolan.db',
    );
  }
  return new LogUnwritable(
    `the log cannot be written (${message})`,
    'io',
    'check the disk of the data folder',
  );
}

/** Of a failed open. */
export function toUnusable(error: unknown, path: string): LogUnusable {
  if (error instanceof LogUnusable) return error;
  const code = codeOf(error);
  const message = messageOf(error);
  if ((error as Error)?.name === 'NewerSchema') {
    return new LogUnusable(`${path}: ${message}`, 'newer', 'start that version, or another data folder');
  }
  if (code === 'SQLITE_NOTADB') {
    return new LogUnusable(
      `${path} is no SQLite file`,
      'foreign',
      'restore a backup, or choose another data folder',
    );
  }
  if (/^SQLITE_CORRUPT/.test(code)) {
    return new LogUnusable(
      `${path} is damaged (${message})`,
      'damaged',
      'restore a backup, or choose another data folder',
    );
  }
  return new LogUnusable(
    `${path} cannot be opened (${message})`,
    'io',
    'check that the data folder exists and is writable',
  );
}
