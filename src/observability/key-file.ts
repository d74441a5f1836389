/** A secret of its own file, made at the first use and readable by its owner only. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

/**
 * @returns the file's text, or 64 new hex digits
 * @throws {Error} if the file is there but cannot be read, or cannot be made
 */
export function readOrMakeSecret(path: string): string {
  try {
    const secret = readFileSync(path, 'utf8').trim();
    if (secret.length >= 16) return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const secret = randomBytes(32).toString('hex');
  writeFileSync(path, `${secret}\n`, { mode: 0o600 });
  return secret;
}
