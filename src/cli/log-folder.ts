/** The folder of a log that is to be read. */
import { existsSync } from 'node:fs';
import { logPath } from '../log/path.ts';
import { CliFailure, exitCodes } from './failure.ts';

/** @throws {CliFailure} if there is no log, which SQLite would say less plainly */
export function requireLog(dataDir: string): string {
  if (existsSync(logPath(dataDir))) return dataDir;
  throw new CliFailure(`there is no log in ${dataDir}`, exitCodes.notFound, [
    'name its folder: --data-dir FOLDER, or PORTOLAN_DATA_DIR',
  ]);
}
