/** A secret of its own file, made at the first use and readable by its owner only. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A file that somebody named, and that cannot serve as it is. */
export class KeyFileUnusable extends Error {
  override readonly name = 'KeyFileUnusable';
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

const least = 16;

/**
 * As `readOrMakeSecret`, but what stands in the file is somebody's: it is never replaced.
 * @throws {KeyFileUnusable} it holds too little, cannot be read, or cannot be made
 */
export function readNamedSecret(path: string, flag: string): string {
  const hint = `name another file with ${flag}`;
  try {
    const text = readFileSync(path, 'utf8').trim();
    if (text.length >= least) return text;
    throw new KeyFileUnusable(`${path} holds less than ${least} characters`, hint);
  } catch (error) {
    if (error instanceof KeyFileUnusable) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && existsSync(dirname(path))) return readOrMakeSecret(path);
    throw new KeyFileUnusable(`${path} cannot be read or made (${message})`, hint);
  }
}

/**
 * @returns the file's text, or 64 new hex digits
 * @throws {Error} if the file is there but cannot be read, or cannot be made
 */
export function readOrMakeSecret(path: string): string {
  try {
    const secret = readFileSync(path, 'utf8').trim();
    if (secret.length >= least) return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const secret = randomBytes(32).toString('hex');
  // Labels would be told as changed by another key.
  writeFileSync(path, `${secret}\n`, { mode: 0o600, flush: true });
  return secret;
}
