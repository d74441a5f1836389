/** Where a measurement keeps its files. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** A folder of this run's own: on the project's disk (`/tmp` is memory on many systems), unseen by git, and gone with the process. */
export function benchFolder(): string {
  const parent = join(import.meta.dirname, '../../tmp');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  return folder;
}
