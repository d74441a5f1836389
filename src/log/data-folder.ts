/** The data folder, which is made where there is none, with the folders above it. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LogUnusable } from './port.ts';

/**
 * Folder by folder: Node's own `recursive` goes round for ever where a file system lets nothing be made and says that
 * there is no such folder, as procfs does.
 * @throws {LogUnusable}
 */
export function makeDataFolder(path: string): void {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.unshift(at);
  try {
    for (const folder of missing) make(folder);
    if (!statSync(path).isDirectory()) throw new Error('it is no folder');
  } catch (error) {
    const message = `the data folder ${path} cannot be made (${(error as Error).message})`;
    throw new LogUnusable(message, 'io', 'choose another one with --data-dir');
  }
}

/** Another process may be faster. */
function make(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error;
  }
}
